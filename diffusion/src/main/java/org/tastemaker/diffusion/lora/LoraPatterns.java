package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Layers whose rank or alpha is another one than that of the others, as PEFT's {@code rank_pattern}
 * and {@code alpha_pattern}.
 *
 * <pre>
 *   LoraPatterns.none().withRank("attn2.to_k", 8).withAlpha("mid_block\\..*", 2)
 * </pre>
 *
 * <p>A key is the end of a layer's path, from a dot on, or a regular expression for it; of several
 * that match, the first counts. A layer with a rank of its own keeps the common alpha, and so has
 * another scale, unless alpha has a pattern too: as in PEFT.
 *
 * @param ranks by key, each at least 1
 * @param alphas by key, each greater than 0
 */
public record LoraPatterns(
    ImmutableMap<String, Integer> ranks, ImmutableMap<String, Double> alphas) {
  private static final String RANK = "the LoRA's rank pattern";
  private static final String ALPHA = "the LoRA's alpha pattern";

  /** Checks the numbers and the expressions. */
  public LoraPatterns {
    ranks.forEach(
        (key, rank) -> {
          BoundedPattern unused = pattern(RANK, key);
          if (rank < 1) {
            throw new IllegalArgumentException(
                String.format(
                    Locale.ROOT, "%s \"%s\" must be at least 1, but was %d", RANK, key, rank));
          }
        });
    alphas.forEach(
        (key, alpha) -> {
          BoundedPattern unused = pattern(ALPHA, key);
          if (!(alpha > 0) || Double.isInfinite(alpha)) {
            throw new IllegalArgumentException(
                String.format(
                    Locale.ROOT,
                    "%s \"%s\" must be positive and finite, but was %s",
                    ALPHA,
                    key,
                    alpha));
          }
        });
  }

  /**
   * All layers alike.
   *
   * @return no patterns
   */
  public static LoraPatterns none() {
    return new LoraPatterns(ImmutableMap.of(), ImmutableMap.of());
  }

  /**
   * These patterns and, after them, a rank.
   *
   * @param key of the layers
   * @param rank of them, at least 1
   * @return new patterns
   */
  public LoraPatterns withRank(String key, int rank) {
    return new LoraPatterns(plus(ranks, key, rank), alphas);
  }

  /**
   * These patterns and, after them, an alpha.
   *
   * @param key of the layers
   * @param alpha of them, greater than 0
   * @return new patterns
   */
  public LoraPatterns withAlpha(String key, double alpha) {
    return new LoraPatterns(ranks, plus(alphas, key, alpha));
  }

  private static <T> ImmutableMap<String, T> plus(Map<String, T> all, String key, T value) {
    return ImmutableMap.<String, T>builder().putAll(all).put(key, value).buildOrThrow();
  }

  Optional<Integer> rank(LoraNetwork network, String path) {
    return first(RANK, ranks, network, path);
  }

  Optional<Double> alpha(LoraNetwork network, String path) {
    return first(ALPHA, alphas, network, path);
  }

  private static <T> Optional<T> first(
      String where, Map<String, T> byKey, LoraNetwork network, String path) {
    return byKey.entrySet().stream()
        .filter(entry -> matches(where, entry.getKey(), network, path))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /** Fails if a key matches none of the layers that have a branch. */
  void requireMatches(LoraNetwork network, Set<String> paths) {
    requireMatches(RANK, ranks.keySet(), network, paths);
    requireMatches(ALPHA, alphas.keySet(), network, paths);
  }

  private static void requireMatches(
      String where, Set<String> keys, LoraNetwork network, Set<String> paths) {
    Set<String> unmatched = new LinkedHashSet<>(keys);
    unmatched.removeIf(key -> paths.stream().anyMatch(path -> matches(where, key, network, path)));
    if (!unmatched.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s %s matches none of the layers that the targets choose, which are named like %s",
              where,
              unmatched,
              paths.stream().limit(3).toList()));
    }
  }

  /** Whether a key of PEFT's patterns means a layer, by one of the paths that files give it. */
  static boolean matches(String where, String key, LoraNetwork network, String path) {
    BoundedPattern pattern = pattern(where, key);
    return pattern.matches(path)
        || pattern.matches(network.pathInFiles(path))
        || pattern.matches(network.shortPathInFiles(path));
  }

  private static BoundedPattern pattern(String where, String key) {
    return BoundedPattern.of(where, key, "(.*\\.)?(" + key + ")");
  }
}

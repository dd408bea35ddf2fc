package org.tastemaker.diffusion.tokenizer;

import com.google.common.primitives.ImmutableIntArray;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds in a text the tokens that stand for themselves: the special ones, as they are written; and
 * the added ones, in any case, as newer tools do. Of several that begin at a place the longest is
 * found.
 *
 * <p>An added token of several vectors is several tokens, the first with its name and the others
 * with {@code _1}, {@code _2} and so on behind it, as diffusers writes them. In a text its name
 * stands for all of them.
 */
final class TokenSearch {
  /** A part of a text that is a token. */
  record Found(int begin, int end, ImmutableIntArray ids) {}

  private final Map<String, ImmutableIntArray> exact = new LinkedHashMap<>();
  private final Map<String, ImmutableIntArray> lowerCase = new HashMap<>();
  private final Pattern pattern;

  /**
   * A search.
   *
   * @param specials ids of tokens that are found as they are written
   * @param added ids of tokens that are found in any case
   */
  TokenSearch(Map<String, Integer> specials, Map<String, Integer> added) {
    added.keySet().stream()
        .filter(token -> !specials.containsKey(token))
        .forEach(
            token -> {
              exact.put(token, vectors(token, added));
              lowerCase.putIfAbsent(token.toLowerCase(Locale.ROOT), vectors(token, added));
            });
    Map<String, String> patterns = new HashMap<>();
    exact.keySet().forEach(token -> patterns.put(token, "(?iu:" + Pattern.quote(token) + ")"));
    specials.forEach(
        (token, id) -> {
          exact.put(token, ImmutableIntArray.of(id));
          patterns.put(token, Pattern.quote(token));
        });
    pattern =
        Pattern.compile(
            exact.keySet().stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(patterns::get)
                .collect(Collectors.joining("|")));
  }

  /** The ids of a token's vectors. */
  static ImmutableIntArray vectors(String token, Map<String, Integer> added) {
    ImmutableIntArray.Builder ids = ImmutableIntArray.builder(1);
    Integer id = Objects.requireNonNull(added.get(token), token);
    for (int i = 1; id != null; i++) {
      ids.add(id);
      id = added.get(token + "_" + i);
    }
    return ids.build();
  }

  /** All tokens in a text, from left to right. */
  List<Found> in(String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher
        .results()
        .filter(match -> match.end() > match.start())
        .map(match -> new Found(match.start(), match.end(), ids(match.group())))
        .toList();
  }

  private ImmutableIntArray ids(String written) {
    ImmutableIntArray ids = exact.get(written);
    return ids != null
        ? ids
        : Objects.requireNonNull(lowerCase.get(written.toLowerCase(Locale.ROOT)), written);
  }
}

package org.tastemaker.optim.ddpo;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.json.JsonObject;

/**
 * The latest rewards of each prompt, and advantages by them: an image counts as good if it is
 * better than what the prompt usually gives (Black et al., 2023, appendix; {@code stat_tracking.py}
 * of ddpo-pytorch).
 *
 * <pre>
 *   for each prompt of the batch:  push its rewards into its buffer first
 *   A_i = (r_i - mean) / (std + 1e-6),  mean and population std of the prompt's buffer,
 *         or of the whole batch as long as the buffer holds fewer than {@code minCount} rewards
 * </pre>
 *
 * <p>Where all rewards of a mean are equal the advantage is exactly 0. Prompts are told apart by
 * their text and negative text. A buffer outlives the batch; {@link #rewards} and {@link #restore}
 * are for checkpoints. Not thread-safe.
 */
public final class PromptStatistics {
  private static final double EPSILON = 1e-6;

  private final Options options;
  private final Map<Key, Deque<Double>> buffers = new LinkedHashMap<>();

  /**
   * Hyper-parameters.
   *
   * @param bufferSize how many of a prompt's latest rewards are kept, at least 1; ddpo-pytorch has
   *     16, and 32 with many images a round
   * @param minCount how many a buffer holds before it is used, at least 1 and at most {@code
   *     bufferSize}, which it could never reach otherwise
   */
  @RecordBuilder
  public record Options(int bufferSize, int minCount)
      implements PromptStatisticsOptionsBuilder.With {
    public Options {
      if (bufferSize < 1) {
        throw new IllegalArgumentException("bufferSize must be at least 1, but was " + bufferSize);
      }
      if (minCount < 1 || minCount > bufferSize) {
        throw new IllegalArgumentException(
            "minCount must be in [1, " + bufferSize + "], the bufferSize, but was " + minCount);
      }
    }

    /**
     * What ddpo-pytorch has by default.
     *
     * @return buffers of 16, used when they are full
     */
    public static Options defaults() {
      return new Options(16, 16);
    }
  }

  /**
   * What tells prompts apart.
   *
   * @param text of the prompt
   * @param negativeText of the prompt
   */
  public record Key(String text, String negativeText) {
    static Key of(Prompt prompt) {
      return new Key(prompt.text(), prompt.negativeText());
    }
  }

  /**
   * Statistics that have seen nothing yet.
   *
   * @param options hyper-parameters
   */
  public PromptStatistics(Options options) {
    this.options = options;
  }

  /**
   * Adds the rewards of a batch, and returns their advantages.
   *
   * @param prompts of the images
   * @param rewards as many, finite
   * @return as many advantages
   */
  public double[] update(List<Prompt> prompts, double[] rewards) {
    if (prompts.size() != rewards.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be a reward for each prompt, but there were %s prompts and %s rewards",
              prompts.size(),
              rewards.length));
    }
    // 1. Push first.
    Map<Key, List<Integer>> images = new LinkedHashMap<>();
    for (int i = 0; i < rewards.length; i++) {
      images.computeIfAbsent(Key.of(prompts.get(i)), k -> new ArrayList<>()).add(i);
    }
    images.forEach(
        (key, indices) -> {
          Deque<Double> buffer = buffers.computeIfAbsent(key, k -> new ArrayDeque<>());
          for (int i : indices) {
            buffer.addLast(rewards[i]);
            while (buffer.size() > options.bufferSize()) {
              double unused = buffer.removeFirst();
            }
          }
        });
    // 2. Standardise by the buffer, or by the batch.
    double[] advantages = new double[rewards.length];
    images.forEach(
        (key, indices) -> {
          Deque<Double> buffer = buffers.getOrDefault(key, new ArrayDeque<>());
          double[] base =
              buffer.size() < options.minCount()
                  ? rewards
                  : buffer.stream().mapToDouble(Double::doubleValue).toArray();
          for (int i : indices) {
            advantages[i] = standardise(rewards[i], base, EPSILON);
          }
        });
    return advantages;
  }

  /** {@code (value - mean) / (std + epsilon)} by population statistics; 0 if all are equal. */
  static double standardise(double value, double[] base, double epsilon) {
    double min = Arrays.stream(base).min().orElse(value);
    double max = Arrays.stream(base).max().orElse(value);
    if (min == max && value == min) {
      return 0; // rounding of the mean must not make equal rewards differ
    }
    double mean = Arrays.stream(base).average().orElse(value);
    return (value - mean) / (deviation(base) + epsilon);
  }

  /** The population standard deviation. */
  static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElse(0);
    return Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElse(0));
  }

  /**
   * The buffers, for a checkpoint.
   *
   * @return a copy: of each prompt the rewards that are kept, the oldest first
   */
  public Map<Key, List<Double>> rewards() {
    Map<Key, List<Double>> copy = new LinkedHashMap<>();
    buffers.forEach((key, buffer) -> copy.put(key, List.copyOf(buffer)));
    return copy;
  }

  /**
   * Restores the buffers.
   *
   * @param rewards as {@link #rewards} gave them
   */
  public void restore(Map<Key, List<Double>> rewards) {
    buffers.clear();
    rewards.forEach((key, values) -> buffers.put(key, new ArrayDeque<>(values)));
  }

  /** For a checkpoint's state. */
  Map<String, Object> toJson() {
    List<Map<String, Object>> prompts = new ArrayList<>();
    buffers.forEach(
        (key, buffer) ->
            prompts.add(
                Map.of(
                    "text", key.text(),
                    "negativeText", key.negativeText(),
                    "rewards", List.copyOf(buffer))));
    return Map.of("promptStatistics", prompts);
  }

  /** What {@link #toJson} gave, checked. */
  static Map<Key, List<Double>> parse(JsonObject state) {
    Map<Key, List<Double>> rewards = new LinkedHashMap<>();
    for (JsonObject prompt : state.objects("promptStatistics")) {
      Key key = new Key(prompt.text("text"), prompt.text("negativeText"));
      rewards.put(key, prompt.numbers("rewards"));
    }
    return rewards;
  }
}

package org.tastemaker.feedback.agreement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;

/**
 * The percentile bootstrap over prompts (B. Efron, "Bootstrap methods", Annals of Statistics 7,
 * 1979): prompts are drawn with replacement, each with all that belongs to it, and the figure is
 * computed again.
 *
 * <p>Two judges are compared by the interval of a difference of figures of the same prompts; that
 * of each alone is wider, and does not answer the question.
 *
 * @param resamples how often it is drawn, at least 100
 * @param level of the interval, in (0, 1)
 */
public record PromptBootstrap(int resamples, double level) {
  /**
   * Checks both.
   *
   * @param resamples as above
   * @param level as above
   */
  public PromptBootstrap {
    if (resamples < 100 || !(level > 0 && level < 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be at least 100 resamples and a level in (0, 1), but they are %d and %s",
              resamples,
              level));
    }
  }

  /**
   * 2,000 resamples, 95 %.
   *
   * @return the usual
   */
  public static PromptBootstrap usual() {
    return new PromptBootstrap(2000, 0.95);
  }

  /**
   * A figure and its interval.
   *
   * @param value of all prompts; NaN where it does not exist
   * @param low the lower end; NaN with the value, and for a single prompt
   * @param high the upper end; as above
   * @param prompts how many there are
   * @param undefined in how many resamples the figure does not exist, which are left out
   */
  public record Interval(double value, double low, double high, int prompts, int undefined) {
    /**
     * Whether the interval leaves a value out.
     *
     * @param other such as 0 for a difference
     * @return false where there is no interval
     */
    public boolean excludes(double other) {
      return other < low || other > high;
    }

    /**
     * For tables.
     *
     * @return such as {@code 0.733 [0.550, 0.890]}; the value alone where there is no interval
     */
    @Override
    public String toString() {
      if (Double.isNaN(value)) {
        return "none";
      }
      return Double.isNaN(low)
          ? String.format(Locale.ROOT, "%.3f", value)
          : String.format(Locale.ROOT, "%.3f [%.3f, %.3f]", value, low, high);
    }
  }

  /**
   * Computes it.
   *
   * @param prompts what belongs to each, at least one
   * @param figure of some prompts, perhaps with repetitions; NaN where it does not exist
   * @param seed draws
   * @param <G> what belongs to a prompt
   * @return the interval
   */
  public <G> Interval of(List<G> prompts, ToDoubleFunction<List<G>> figure, Seed seed) {
    if (prompts.isEmpty()) {
      throw new IllegalArgumentException("there must be a prompt");
    }
    return intervals(
            prompts.size(),
            drawn -> new double[] {figure.applyAsDouble(pick(prompts, drawn))},
            seed)
        .get(0);
  }

  /**
   * Computes many figures at once that are functions of sums over prompts, such as shares: each
   * resample is drawn once for all of them.
   *
   * @param prompts the numbers of each that are summed, all of one length; at least one prompt
   * @param figures of the sums; NaN where one does not exist
   * @param seed draws, the same prompts as {@link #of} does
   * @return an interval for each figure
   */
  public List<Interval> ofSums(
      List<double[]> prompts, List<ToDoubleFunction<double[]>> figures, Seed seed) {
    if (prompts.isEmpty()) {
      throw new IllegalArgumentException("there must be a prompt");
    }
    return intervals(
        prompts.size(),
        drawn -> {
          double[] sums = new double[prompts.get(0).length];
          for (int prompt : drawn) {
            double[] own = prompts.get(prompt);
            for (int i = 0; i < sums.length; i++) {
              sums[i] += own[i];
            }
          }
          return figures.stream().mapToDouble(figure -> figure.applyAsDouble(sums)).toArray();
        },
        seed);
  }

  /**
   * The intervals of some figures.
   *
   * @param figures all of them, of a draw of prompts by their indices
   */
  private List<Interval> intervals(int size, Function<int[], double[]> figures, Seed seed) {
    double[] plain = figures.apply(IntStream.range(0, size).toArray());
    RandomGenerator random = seed.generator();
    List<double[]> drawn = new ArrayList<>(); // [resamples][figures]; none of a single prompt
    for (int r = 0; size > 1 && r < resamples; r++) {
      int[] draw = new int[size];
      for (int i = 0; i < size; i++) {
        draw[i] = random.nextInt(size);
      }
      drawn.add(figures.apply(draw));
    }
    List<Interval> intervals = new ArrayList<>();
    for (int f = 0; f < plain.length; f++) {
      int figure = f;
      double[] sorted =
          drawn.stream()
              .mapToDouble(d -> d[figure])
              .filter(v -> !Double.isNaN(v))
              .sorted()
              .toArray();
      boolean none = Double.isNaN(plain[f]) || sorted.length == 0;
      intervals.add(
          new Interval(
              plain[f],
              none ? Double.NaN : quantile(sorted, (1 - level) / 2),
              none ? Double.NaN : quantile(sorted, (1 + level) / 2),
              size,
              none ? 0 : resamples - sorted.length));
    }
    return List.copyOf(intervals);
  }

  private static <G> List<G> pick(List<G> prompts, int[] drawn) {
    return Arrays.stream(drawn).mapToObj(prompts::get).toList();
  }

  private static double quantile(double[] sorted, double q) {
    double at = q * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}

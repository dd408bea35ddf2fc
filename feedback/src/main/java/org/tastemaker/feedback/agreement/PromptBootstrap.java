package org.tastemaker.feedback.agreement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
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
            prompts.size(), List.of(drawn -> figure.applyAsDouble(pick(prompts, drawn))), seed)
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
    int width = prompts.get(0).length;
    double[] sums = new double[width];
    int[][] last = new int[1][]; // the draw that the sums are of
    List<ToDoubleFunction<int[]>> ofDraws = new ArrayList<>();
    for (ToDoubleFunction<double[]> figure : figures) {
      ofDraws.add(
          drawn -> {
            if (last[0] != drawn) {
              last[0] = drawn;
              Arrays.fill(sums, 0);
              for (int prompt : drawn) {
                double[] own = prompts.get(prompt);
                for (int i = 0; i < width; i++) {
                  sums[i] += own[i];
                }
              }
            }
            return figure.applyAsDouble(sums);
          });
    }
    return intervals(prompts.size(), ofDraws, seed);
  }

  private List<Interval> intervals(int size, List<ToDoubleFunction<int[]>> figures, Seed seed) {
    int[] all = IntStream.range(0, size).toArray();
    double[] plain = figures.stream().mapToDouble(figure -> figure.applyAsDouble(all)).toArray();
    double[][] values = new double[figures.size()][size == 1 ? 0 : resamples];
    int[] defined = new int[figures.size()];
    RandomGenerator random = seed.generator();
    for (int r = 0; size > 1 && r < resamples; r++) {
      int[] drawn = new int[size];
      for (int i = 0; i < size; i++) {
        drawn[i] = random.nextInt(size);
      }
      for (int f = 0; f < values.length; f++) {
        double one = Double.isNaN(plain[f]) ? Double.NaN : figures.get(f).applyAsDouble(drawn);
        if (!Double.isNaN(one)) {
          values[f][defined[f]++] = one;
        }
      }
    }
    List<Interval> intervals = new ArrayList<>();
    for (int f = 0; f < values.length; f++) {
      double[] sorted = Arrays.copyOf(values[f], defined[f]);
      Arrays.sort(sorted);
      boolean none = size == 1 || Double.isNaN(plain[f]);
      intervals.add(
          new Interval(
              plain[f],
              quantile(sorted, (1 - level) / 2),
              quantile(sorted, (1 + level) / 2),
              size,
              none ? 0 : resamples - defined[f]));
    }
    return List.copyOf(intervals);
  }

  private static <G> List<G> pick(List<G> prompts, int[] drawn) {
    return Arrays.stream(drawn).mapToObj(prompts::get).toList();
  }

  private static double quantile(double[] sorted, double q) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double at = q * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}

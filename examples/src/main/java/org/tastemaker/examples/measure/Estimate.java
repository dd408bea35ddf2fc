package org.tastemaker.examples.measure;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.TDistribution;
import org.tastemaker.core.Seed;

/**
 * A figure with its uncertainty.
 *
 * @param value the estimate
 * @param low the lower end of its 95 % interval
 * @param high the upper end
 * @param n how many images, or repetitions, it rests on
 */
public record Estimate(double value, double low, double high, int n) {
  private static final int RESAMPLES = 2000;

  /**
   * The percentile bootstrap over groups (Efron, 1979): groups are drawn with replacement and the
   * figure is computed again, 2,000 times.
   *
   * @param groups what is drawn as a whole, such as the images of a prompt; at least one
   * @param figure computes the figure of some groups; those for which it is NaN are left out
   * @param n how many images there are in all
   * @param seed draws
   * @param <G> the groups
   * @return the estimate; all its numbers are NaN if the figure does not exist
   */
  public static <G> Estimate bootstrap(
      List<G> groups, ToDoubleFunction<List<G>> figure, int n, Seed seed) {
    double value = figure.applyAsDouble(groups);
    RandomGenerator random = seed.generator();
    double[] values =
        IntStream.range(0, RESAMPLES)
            .mapToDouble(
                r ->
                    figure.applyAsDouble(
                        random
                            .ints(groups.size(), 0, groups.size())
                            .mapToObj(groups::get)
                            .toList()))
            .filter(v -> !Double.isNaN(v))
            .sorted()
            .toArray();
    if (values.length == 0) {
      return new Estimate(value, Double.NaN, Double.NaN, n);
    }
    return new Estimate(value, quantile(values, 0.025), quantile(values, 0.975), n);
  }

  /**
   * The mean with Student's interval, for numbers drawn from a normal distribution. With three
   * numbers it is wide, 4.3 standard errors, as it should be.
   *
   * @param numbers one for each independent repetition, such as a training's seed; at least one
   * @param error the probability that the interval misses, such as 0.05
   * @return the estimate; without an interval for a single number
   */
  public static Estimate student(double[] numbers, double error) {
    int n = numbers.length;
    double mean = Arrays.stream(numbers).average().orElseThrow();
    if (n == 1) {
      return new Estimate(mean, Double.NaN, Double.NaN, 1);
    }
    double squares = Arrays.stream(numbers).map(x -> (x - mean) * (x - mean)).sum();
    double quantile = new TDistribution(n - 1).inverseCumulativeProbability(1 - error / 2);
    double half = quantile * Math.sqrt(squares / (n - 1) / n);
    return new Estimate(mean, mean - half, mean + half, n);
  }

  private static double quantile(double[] sorted, double q) {
    double at = q * (sorted.length - 1);
    int below = (int) Math.floor(at);
    int above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  /**
   * The mean of all values of some groups.
   *
   * @param groups each with its values
   * @return NaN where there is no value
   */
  public static double mean(List<double[]> groups) {
    return groups.stream().flatMapToDouble(Arrays::stream).average().orElse(Double.NaN);
  }

  /**
   * For tables.
   *
   * @return such as {@code 0.620 [0.550, 0.690]}; the value alone where there is no interval
   */
  public String text() {
    if (Double.isNaN(value)) {
      return "none";
    }
    return Double.isNaN(low)
        ? String.format(Locale.ROOT, "%.3f", value)
        : String.format(Locale.ROOT, "%.3f [%.3f, %.3f]", value, low, high);
  }
}

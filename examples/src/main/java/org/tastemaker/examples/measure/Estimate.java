package org.tastemaker.examples.measure;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.distribution.TDistribution;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.agreement.PromptBootstrap;

/**
 * A figure with its uncertainty.
 *
 * @param value the estimate
 * @param low the lower end of its 95 % interval
 * @param high the upper end
 * @param n how many images, or repetitions, it rests on
 */
public record Estimate(double value, double low, double high, int n) {
  /**
   * The percentile bootstrap over groups (Efron, 1979): groups are drawn with replacement and the
   * figure is computed again, 2,000 times.
   *
   * @param groups what is drawn as a whole, such as the images of a prompt; at least one
   * @param figure computes the figure of some groups; those for which it is NaN are left out
   * @param n how many images there are in all
   * @param seed draws
   * @param <G> the groups
   * @return the estimate; its interval is NaN for a single group, all its numbers are if the figure
   *     does not exist
   */
  public static <G> Estimate bootstrap(
      List<G> groups, ToDoubleFunction<List<G>> figure, int n, Seed seed) {
    PromptBootstrap.Interval interval = PromptBootstrap.usual().of(groups, figure, seed);
    return new Estimate(interval.value(), interval.low(), interval.high(), n);
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

package org.tastemaker.examples.zo;

import java.util.Locale;
import org.tastemaker.examples.measure.Estimate;

/**
 * The mean of some numbers with Student's confidence interval.
 *
 * @param mean of the numbers
 * @param low end of the interval
 * @param high end of the interval
 */
record Interval(double mean, double low, double high) {
  /**
   * The interval that contains the mean of the distribution with a probability of {@code 1 -
   * error}, if the distribution is normal.
   */
  static Interval of(double[] numbers, double error) {
    Estimate estimate = Estimate.student(numbers, error);
    return new Interval(estimate.value(), estimate.low(), estimate.high());
  }

  String asPowerOfTen() {
    return String.format(
        Locale.ROOT,
        "%.3g [%.3g, %.3g]",
        Math.pow(10, mean),
        Math.pow(10, low),
        Math.pow(10, high));
  }

  String asExponent() {
    return String.format(Locale.ROOT, "%+.3f [%+.3f, %+.3f]", mean, low, high);
  }
}

package org.tastemaker.watch;

import java.util.Arrays;

/**
 * A histogram: how many values lie up to each limit and above the one before.
 *
 * @param min the smallest value
 * @param max the largest value
 * @param count how many values there are
 * @param sum of all
 * @param sumOfSquares of all
 * @param limits the upper end of each bucket, ascending
 * @param counts as many as limits
 */
record Buckets(
    double min,
    double max,
    double count,
    double sum,
    double sumOfSquares,
    double[] limits,
    double[] counts) {
  private static final int NUMBER = 30;

  /**
   * Thirty buckets of equal width from the smallest value to the largest; one if all are equal.
   *
   * @param values at least one, all finite
   */
  static Buckets of(double[] values) {
    double min = Arrays.stream(values).min().orElseThrow();
    double max = Arrays.stream(values).max().orElseThrow();
    int number = max > min ? NUMBER : 1;
    double width = (max - min) / number;
    double[] limits = new double[number];
    for (int i = 0; i < number; i++) {
      limits[i] = i == number - 1 ? max : min + (i + 1) * width;
    }
    double[] counts = new double[number];
    for (double value : values) {
      int at = width > 0 ? (int) Math.ceil((value - min) / width) - 1 : 0;
      counts[Math.max(0, Math.min(number - 1, at))]++;
    }
    return new Buckets(
        min,
        max,
        values.length,
        Arrays.stream(values).sum(),
        Arrays.stream(values).map(v -> v * v).sum(),
        limits,
        counts);
  }
}

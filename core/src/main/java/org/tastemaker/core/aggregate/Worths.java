package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.tastemaker.core.Ranking;

/**
 * Fitted log-worths of items, with their uncertainty: a Gaussian around the maximum.
 *
 * <p>Only differences of log-worths mean anything; the log-worths sum to 0.
 */
public final class Worths {
  /** Log-worths that differ by less are one place: Newton's steps end well under it. */
  private static final double TIE = 1e-7;

  private final double[] logWorths; // [items]
  private final double[][] covariance; // [items, items]
  private final double logLikelihood;
  private final int steps;

  Worths(double[] logWorths, double[][] covariance, double logLikelihood, int steps) {
    this.logWorths = logWorths;
    this.covariance = covariance;
    this.logLikelihood = logLikelihood;
    this.steps = steps;
  }

  /**
   * The number of items.
   *
   * @return at least 1
   */
  public int size() {
    return logWorths.length;
  }

  /**
   * The log-worths.
   *
   * @return a copy, [items]; sums to 0
   */
  public double[] logWorths() {
    return logWorths.clone();
  }

  /**
   * The standard error of each log-worth, as one of log-worths that sum to 0: the root of the
   * diagonal of the inverse of the observed information, the prior's included.
   *
   * @return [items]
   */
  public double[] standardErrors() {
    return IntStream.range(0, size()).mapToDouble(i -> Math.sqrt(covariance[i][i])).toArray();
  }

  /**
   * The covariance of two log-worths.
   *
   * @param i one item
   * @param j the other item
   * @return the entry of the inverse of the observed information
   */
  public double covariance(int i, int j) {
    return covariance[i][j];
  }

  /**
   * The variance of the difference of two log-worths: how uncertain their order is.
   *
   * @param i one item
   * @param j the other item
   * @return at least 0
   */
  public double varianceOfDifference(int i, int j) {
    return Math.max(0, covariance[i][i] + covariance[j][j] - 2 * covariance[i][j]);
  }

  /**
   * The fitted probability that one item beats another in one comparison.
   *
   * @param i one item
   * @param j the other item
   * @return in (0, 1)
   */
  public double probability(int i, int j) {
    return 1 / (1 + Math.exp(logWorths[j] - logWorths[i]));
  }

  /**
   * The logarithm of the likelihood at the maximum, the prior left out.
   *
   * @return at most 0
   */
  public double logLikelihood() {
    return logLikelihood;
  }

  /**
   * How many Newton steps the fit took.
   *
   * @return at least 0
   */
  public int steps() {
    return steps;
  }

  /**
   * The order by worth.
   *
   * @return complete; log-worths that are equal to 7 digits after the point share a place
   */
  public Ranking ranking() {
    List<Integer> items =
        IntStream.range(0, size())
            .boxed()
            .sorted((a, b) -> Double.compare(logWorths[b], logWorths[a]))
            .toList();
    List<List<Integer>> tiers = new ArrayList<>();
    double last = Double.POSITIVE_INFINITY;
    for (int item : items) {
      if (last - logWorths[item] > TIE) {
        tiers.add(new ArrayList<>());
      }
      tiers.get(tiers.size() - 1).add(item);
      last = logWorths[item];
    }
    return Ranking.ofTiers(size(), tiers);
  }

  double[][] covariance() {
    return IntStream.range(0, size()).mapToObj(i -> covariance[i].clone()).toArray(double[][]::new);
  }
}

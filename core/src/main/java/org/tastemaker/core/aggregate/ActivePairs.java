package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.List;

/**
 * Which pairs to compare next, when comparisons cost money: the most informative ones.
 *
 * <p>With the log-worths of {@link BradleyTerry} known as a Gaussian of covariance {@code Sigma}, a
 * comparison of i and j has the information {@code p (1 - p)} about the difference {@code theta_i -
 * theta_j} of variance {@code v = (e_i - e_j)^T Sigma (e_i - e_j)}, and lowers the entropy of all
 * log-worths together by
 *
 * <pre>
 *   gain(i, j) = 1/2 ln(1 + p (1 - p) v)
 * </pre>
 *
 * <p>(D-optimal design for logistic models; K. Chaloner and I. Verdinelli, Statistical Science 10,
 * 1995). Several pairs are chosen greedily: after each, {@code Sigma} is updated as if the
 * comparison had been made (its information does not depend on the answer), so that a batch does
 * not ask the same thing again and again:
 *
 * <pre>
 *   Sigma &lt;- Sigma - Sigma d d^T Sigma * h / (1 + h v),   d = e_i - e_j,   h = p (1 - p)
 * </pre>
 *
 * <p>This is not sorting: a judge's answers are neither transitive nor repeatable, and a sort that
 * is cut short has no reliable head (arXiv:2605.14236).
 */
public final class ActivePairs {
  private ActivePairs() {}

  /**
   * A pair of items that is worth comparing.
   *
   * @param first the lower index
   * @param second the higher index
   * @param gain expected loss of entropy in nats, over 0
   */
  public record Pair(int first, int second, double gain) {}

  /**
   * The next pairs, best first.
   *
   * @param worths what is known so far, fitted with a prior (else items that were never compared
   *     have no finite uncertainty)
   * @param count how many, at least 1; a pair may come more than once where that is most
   *     informative
   * @return {@code count} pairs; none where there is only one item
   */
  public static List<Pair> next(Worths worths, int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "the number of pairs to choose must be at least 1, but was " + count);
    }
    int n = worths.size();
    double[][] sigma = worths.covariance();
    List<Pair> chosen = new ArrayList<>();
    while (n > 1 && chosen.size() < count) {
      // 1. The pair of the largest gain; of equal ones the first.
      Pair best = new Pair(0, 1, -1);
      for (int i = 0; i < n; i++) {
        for (int j = i + 1; j < n; j++) {
          double gain = Math.log1p(information(worths, i, j) * variance(sigma, i, j)) / 2;
          if (gain > best.gain() + 1e-12) {
            best = new Pair(i, j, gain);
          }
        }
      }
      chosen.add(best);
      // 2. Sigma after that comparison (Sherman and Morrison's formula).
      int i = best.first();
      int j = best.second();
      double h = information(worths, i, j);
      double factor = h / (1 + h * variance(sigma, i, j));
      double[] column = new double[n]; // Sigma d
      for (int k = 0; k < n; k++) {
        column[k] = sigma[k][i] - sigma[k][j];
      }
      for (int k = 0; k < n; k++) {
        for (int l = 0; l < n; l++) {
          sigma[k][l] -= factor * column[k] * column[l];
        }
      }
    }
    return List.copyOf(chosen);
  }

  /**
   * Whether the k best are known well enough to stop: each of them is better than each other item
   * with at least the given probability.
   *
   * @param worths what is known so far
   * @param k how many of the best matter: 1 to one less than there are items
   * @param confidence in (0.5, 1), such as 0.95
   * @return whether more comparisons are hardly worth their cost
   */
  public static boolean isSettled(Worths worths, int k, double confidence) {
    int n = worths.size();
    if (k < 1 || k >= n) {
      throw new IllegalArgumentException(
          "k must be 1 to " + (n - 1) + " of " + n + " items, but was " + k);
    }
    if (!(confidence > 0.5 && confidence < 1)) {
      throw new IllegalArgumentException("confidence must be in (0.5, 1), but was " + confidence);
    }
    double[] theta = worths.logWorths();
    List<Integer> order = worths.ranking().tiers().stream().flatMap(List::stream).toList();
    for (int top : order.subList(0, k)) {
      for (int other : order.subList(k, n)) {
        double spread = Math.sqrt(worths.varianceOfDifference(top, other));
        if (spread == 0 || normalBelow((theta[top] - theta[other]) / spread) < confidence) {
          return false;
        }
      }
    }
    return true;
  }

  private static double information(Worths worths, int i, int j) {
    double p = worths.probability(i, j);
    return p * (1 - p);
  }

  private static double variance(double[][] sigma, int i, int j) {
    return Math.max(0, sigma[i][i] + sigma[j][j] - 2 * sigma[i][j]);
  }

  /**
   * The standard normal distribution function, to 1e-7 (Abramowitz and Stegun, formula 26.2.17).
   */
  static double normalBelow(double x) {
    double t = 1 / (1 + 0.2316419 * Math.abs(x));
    double tail =
        Math.exp(-x * x / 2)
            / Math.sqrt(2 * Math.PI)
            * t
            * (0.319381530
                + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return x > 0 ? 1 - tail : tail;
  }
}

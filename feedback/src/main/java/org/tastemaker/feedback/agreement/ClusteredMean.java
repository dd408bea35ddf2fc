package org.tastemaker.feedback.agreement;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/**
 * A mean of values that come in clusters, with the error that this leaves (Liang and Zeger,
 * "Longitudinal data analysis using generalized linear models", Biometrika 73, 1986).
 *
 * <pre>
 *   m       = sum of all x / n
 *   CR0     = sqrt( sum over clusters g of ( sum of x in g - m n_g )^2 ) / n
 *   CR1     = CR0 sqrt( G / (G - 1) )
 * </pre>
 *
 * @param mean m; NaN where there is no value
 * @param values n
 * @param clusters G, those with a value
 * @param independentError {@code sqrt(m (1 - m) / n)}: what the error of a share would be if its
 *     values were independent
 * @param cr0 the cluster-robust standard error
 * @param cr1 the same, corrected for few clusters; NaN for a single one
 */
public record ClusteredMean(
    double mean, int values, int clusters, double independentError, double cr0, double cr1) {
  /**
   * Computes it.
   *
   * @param clusters the values of each; an empty cluster does not count
   * @return the mean and its errors
   */
  public static ClusteredMean of(Collection<double[]> clusters) {
    return ofSums(
        clusters.stream()
            .map(cluster -> new double[] {Arrays.stream(cluster).sum(), cluster.length})
            .toList());
  }

  /**
   * Computes it from what is enough of each cluster.
   *
   * @param clusters the sum of its values and their number
   * @return the mean and its errors
   */
  public static ClusteredMean ofSums(Collection<double[]> clusters) {
    double sum = 0;
    double n = 0;
    int groups = 0;
    for (double[] cluster : clusters) {
      sum += cluster[0];
      n += cluster[1];
      groups += cluster[1] > 0 ? 1 : 0;
    }
    double mean = sum / n;
    double squares = 0;
    for (double[] cluster : clusters) {
      double off = cluster[0] - mean * cluster[1];
      squares += off * off;
    }
    double cr0 = Math.sqrt(squares) / n;
    double cr1 = groups > 1 ? cr0 * Math.sqrt(groups / (groups - 1.0)) : Double.NaN;
    return new ClusteredMean(mean, (int) n, groups, Math.sqrt(mean * (1 - mean) / n), cr0, cr1);
  }

  /**
   * For tables.
   *
   * @return such as {@code 0.733 +- 0.095 (15)}
   */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.3f +- %.3f (%d)", mean, cr1, values);
  }
}

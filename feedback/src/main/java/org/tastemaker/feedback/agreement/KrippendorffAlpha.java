package org.tastemaker.feedback.agreement;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Krippendorff's alpha: agreement beyond chance of any number of raters, of whom some may be
 * missing (K. Krippendorff, "Content Analysis", 2004, ch. 11; A. F. Hayes and K. Krippendorff,
 * Communication Methods and Measures 1, 2007).
 *
 * <pre>
 *   D_o = 1/n sum over items u of  1/(m_u - 1) sum over ordered pairs of ratings in u of d(v, v')
 *   D_e = 1/(n (n - 1))            sum over ordered pairs of all ratings              of d(v, v')
 *   alpha = 1 - D_o / D_e
 * </pre>
 *
 * <p>Items with fewer than two ratings say nothing and are left out; n is the number of ratings
 * that are left. For choices d is 0 or 1 (nominal), for scores {@code (v - v')^2} (interval).
 *
 * @param alpha 1 for complete agreement, 0 for chance, below 0 for less; NaN where all ratings are
 *     the same, since there is then no chance to be compared with
 * @param ratings n
 * @param observed D_o
 * @param expected D_e
 */
public record KrippendorffAlpha(double alpha, int ratings, double observed, double expected) {
  /**
   * Alpha of choices or other categories.
   *
   * @param items the ratings of each, without those that are missing
   * @param <V> the ratings, compared by {@code equals}
   * @return the agreement
   */
  public static <V> KrippendorffAlpha nominal(Collection<List<V>> items) {
    return of(items, KrippendorffAlpha::differentPairs);
  }

  /**
   * Alpha of scores.
   *
   * @param items the ratings of each, without those that are missing
   * @return the agreement
   */
  public static KrippendorffAlpha interval(Collection<List<Double>> items) {
    return of(items, KrippendorffAlpha::squaredDifferences);
  }

  /**
   * Computes it.
   *
   * @param sum of d over all ordered pairs of different elements
   */
  private static <V> KrippendorffAlpha of(
      Collection<List<V>> items, ToDoubleFunction<List<V>> sum) {
    List<V> all = new ArrayList<>();
    double within = 0;
    for (List<V> item : items) {
      if (item.size() > 1) {
        within += sum.applyAsDouble(item) / (item.size() - 1);
        all.addAll(item);
      }
    }
    double n = all.size();
    double observed = within / n;
    double expected = sum.applyAsDouble(all) / (n * (n - 1));
    double alpha = expected > 0 ? 1 - observed / expected : Double.NaN;
    return new KrippendorffAlpha(alpha, all.size(), observed, expected);
  }

  private static <V> double differentPairs(List<V> ratings) {
    Map<V, Integer> counts = new HashMap<>();
    ratings.forEach(rating -> counts.merge(rating, 1, Integer::sum));
    double n = ratings.size();
    return n * n - counts.values().stream().mapToDouble(count -> (double) count * count).sum();
  }

  /** {@code sum over i, j of (v_i - v_j)^2 = 2 n sum of (v - mean)^2}. */
  private static double squaredDifferences(List<Double> ratings) {
    double mean = ratings.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    return 2.0 * ratings.size() * ratings.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
  }
}

package org.tastemaker.feedback.agreement;

import java.util.Locale;
import org.apache.commons.math3.stat.correlation.KendallsCorrelation;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/**
 * How alike two scorings of the same items order them.
 *
 * @param kendall tau-b, which knows about ties (M. G. Kendall, Biometrika 33, 1945), in [-1, 1]
 * @param spearman rho, the correlation of ranks, where ties share a mean rank, in [-1, 1]
 * @param items how many items there are
 */
public record RankCorrelation(double kendall, double spearman, int items) {
  /**
   * Computes both.
   *
   * @param people a score of each item, finite
   * @param judge another of each, finite
   * @return the correlations; NaN where one of them scores all items the same
   */
  public static RankCorrelation of(double[] people, double[] judge) {
    if (people.length != judge.length || people.length < 2) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "at least two items must have both scores, but there are %d and %d scores",
              people.length,
              judge.length));
    }
    for (int i = 0; i < people.length; i++) {
      if (!Double.isFinite(people[i]) || !Double.isFinite(judge[i])) {
        throw new IllegalArgumentException(
            "item "
                + i
                + " has the scores "
                + people[i]
                + " and "
                + judge[i]
                + ": leave out what is missing");
      }
    }
    return new RankCorrelation(
        new KendallsCorrelation().correlation(people, judge),
        new SpearmansCorrelation().correlation(people, judge),
        people.length);
  }
}

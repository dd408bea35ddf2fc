package org.tastemaker.feedback.study;

import java.util.Locale;
import org.tastemaker.feedback.agreement.PromptBootstrap;

/**
 * A figure of a study.
 *
 * @param measure what it is
 * @param interval value and interval by bootstrap over prompts; NaN where the figure is unknown
 * @param error cluster-robust standard error (CR1); NaN where there is none, as for alpha
 * @param n how many values it is made of: pairs, answers, votes, groups or judgements
 * @param unknown why there is no such figure; empty where there is one
 */
public record Figure(
    Measure measure, PromptBootstrap.Interval interval, double error, long n, String unknown) {
  /**
   * Whether there is such a figure.
   *
   * @return false where {@link #unknown} says why not
   */
  public boolean isKnown() {
    return unknown.isEmpty();
  }

  /**
   * The figure itself.
   *
   * @return NaN where it is unknown
   */
  public double value() {
    return interval.value();
  }

  /**
   * For tables.
   *
   * @return such as {@code 0.812 [0.770, 0.851] +- 0.021 n 280}, or {@code unknown: ...}
   */
  @Override
  public String toString() {
    return !isKnown()
        ? "unknown: " + unknown
        : interval
            + (Double.isNaN(error) ? "" : String.format(Locale.ROOT, " +- %.3f", error))
            + " n "
            + n;
  }
}

package org.tastemaker.feedback.calibration;

import java.util.Collection;
import java.util.List;

/**
 * The slope of a judge's logits against people's votes: scaling by a temperature (Guo et al., ICML
 * 2017, sec. 4.2) with soft targets and a prior that draws it to 1, which changes nothing.
 *
 * <pre>
 *   L(a) = - sum over pairs of  q ln sigma(a z) + (1 - q) ln sigma(-a z)   +   (a - 1)^2 / 2
 * </pre>
 *
 * <table class="striped">
 * <caption>Names</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>slope</td><td>a = 1 / temperature</td></tr>
 * <tr><td>logit</td><td>z, the judge's logit of the first image being better</td></tr>
 * <tr><td>share</td><td>q, its share of people's votes</td></tr>
 * </tbody>
 * </table>
 *
 * <p>L is convex, so Newton's steps find its only minimum; below 0 the best allowed value is 0. The
 * prior weighs as much as one pair of logits of 2, and is soon forgotten. The error is that of sums
 * over prompts (the sandwich of Liang and Zeger, 1986), as pairs of a prompt are alike.
 *
 * @param slope at least 0
 * @param error its standard error
 */
record SlopeFit(double slope, double error) {
  private static final double PRECISION = 1;
  private static final int STEPS = 100;
  private static final double TOLERANCE = 1e-12;

  /** A pair of the study. */
  record Point(double logit, double share) {}

  static SlopeFit of(Collection<List<Point>> prompts) {
    double slope = 1;
    for (int step = 0; step < STEPS; step++) {
      // 1. Newton's step.
      double[] at = derivatives(prompts, slope);
      double next = slope - at[1] / at[2];
      // 2. Shorter, where it overshoots.
      for (double length = 1; length > 1e-9 && derivatives(prompts, next)[0] > at[0]; ) {
        length /= 2;
        next = slope - length * at[1] / at[2];
      }
      boolean there = Math.abs(next - slope) < TOLERANCE;
      slope = next;
      if (there) {
        break;
      }
    }
    // 3. The error: L'' as the bread, each prompt's share of L' as the meat.
    double meat = 0;
    for (List<Point> prompt : prompts) {
      double g = derivatives(List.of(prompt), slope)[1] - PRECISION * (slope - 1);
      meat += g * g;
    }
    double error = Math.sqrt(meat) / derivatives(prompts, slope)[2];
    return new SlopeFit(Math.max(0, slope), error);
  }

  /** L, its derivative and its second one. */
  static double[] derivatives(Collection<List<Point>> prompts, double slope) {
    double value = PRECISION / 2 * (slope - 1) * (slope - 1);
    double first = PRECISION * (slope - 1);
    double second = PRECISION;
    for (List<Point> prompt : prompts) {
      for (Point point : prompt) {
        double p = 1 / (1 + Math.exp(-slope * point.logit()));
        value += loss(slope * point.logit(), point.share());
        first += (p - point.share()) * point.logit();
        second += p * (1 - p) * point.logit() * point.logit();
      }
    }
    return new double[] {value, first, second};
  }

  /** The cross-entropy of a share with the probability of a logit, in nats. */
  static double loss(double logit, double share) {
    // -ln sigma(x) = ln(1 + e^-x)
    double softplus = Math.max(-logit, 0) + Math.log1p(Math.exp(-Math.abs(logit)));
    return softplus + (1 - share) * logit;
  }
}

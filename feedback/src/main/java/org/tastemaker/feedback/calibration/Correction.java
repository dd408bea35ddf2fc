package org.tastemaker.feedback.calibration;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.tastemaker.core.json.JsonObject;

/**
 * What is done to a judge's answers about two images.
 *
 * <pre>
 *   z = mean over the answers of  s (x - b)         x: logit that the image shown first is better
 *   p = 1 / (1 + exp(-a z))                         s: 1 where the first of the pair was shown first, else -1
 *   p = 1/2  where |2 p - 1| &lt;= margin
 * </pre>
 *
 * <p>The map from z to p is the scaling by a temperature 1 / a of C. Guo et al., "On Calibration of
 * Modern Neural Networks", ICML 2017, sec. 4.2: the one-parameter form of J. Platt's logistic fit
 * (1999). It has no intercept, since which of two images is called the first is no more than a
 * name; the judge's own liking for a position is b.
 *
 * @param slope a, at least 0; 1 changes nothing, and 0 says that the judge knows nothing
 * @param positionBias b, in logits
 * @param tieMargin the difference of the two probabilities up to which they are a tie, in [0, 1]
 */
public record Correction(double slope, double positionBias, double tieMargin) {
  /** Changes nothing. */
  public static final Correction IDENTITY = new Correction(1, 0, 0);

  private static final double ROUNDING = 1e-12;

  public Correction {
    if (!(slope >= 0 && slope < Double.POSITIVE_INFINITY)
        || !Double.isFinite(positionBias)
        || !(tieMargin >= 0 && tieMargin <= 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a correction has a finite slope of at least 0, a finite position bias and a tie"
                  + " margin in [0, 1], but they were %s, %s and %s",
              slope,
              positionBias,
              tieMargin));
    }
  }

  /**
   * Whether it changes nothing.
   *
   * @return true for {@link #IDENTITY}
   */
  public boolean isIdentity() {
    return equals(IDENTITY);
  }

  /** The probability that the first image of a pair is better, ties not yet widened. */
  double graded(PairEvidence pair) {
    return 1 / (1 + Math.exp(-slope * pair.logit(positionBias)));
  }

  /** The same with the wider ties. */
  double probability(PairEvidence pair) {
    double p = graded(pair);
    return Math.abs(2 * p - 1) <= tieMargin + ROUNDING ? 0.5 : p;
  }

  static Correction read(JsonObject json) {
    return new Correction(
        json.number("slope"), json.number("positionBias"), json.number("tieMargin"));
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("slope", slope);
    json.put("positionBias", positionBias);
    json.put("tieMargin", tieMargin);
    return json;
  }
}

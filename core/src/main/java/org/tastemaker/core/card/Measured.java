package org.tastemaker.core.card;

import java.util.Locale;

/**
 * A measurement of the model before and after, on the same prompts and seeds.
 *
 * @param name what was measured and on what, such as {@code "judge's score on held-out seeds"}
 * @param before the value of the base model
 * @param after the value of this model
 * @param low the lower end of the change's 95 % interval; NaN where there is none
 * @param high the upper end; NaN where there is none
 * @param pairs of images that were compared, at least 0; 0 where it is not known
 */
public record Measured(
    String name, double before, double after, double low, double high, int pairs) {
  /** Checks the name and the values. */
  public Measured {
    String unused = PublicText.require("the name of a measurement", name);
    if (!Double.isFinite(before) || !Double.isFinite(after) || pairs < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "measurement \"%s\": before and after must be finite and pairs at least 0, but were %s, %s, %s",
              name,
              before,
              after,
              pairs));
    }
  }

  /** The change with its interval. */
  String change() {
    String change = String.format(Locale.ROOT, "%+.3f", after - before);
    return Double.isFinite(low) && Double.isFinite(high)
        ? change + String.format(Locale.ROOT, " [%+.3f, %+.3f]", low, high)
        : change;
  }
}

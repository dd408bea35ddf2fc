package org.tastemaker.feedback.calibration;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.feedback.agreement.ClusteredMean;

/**
 * A number that was learned.
 *
 * @param value the number; NaN where there was nothing to learn it from
 * @param low lower end of its interval of 95 %; NaN where there is none
 * @param high upper end; NaN where there is none
 * @param n how many pairs or answers it was learned from
 */
public record Estimate(double value, double low, double high, long n) {
  static final double Z = 1.959963984540054;
  static final Estimate NONE = new Estimate(Double.NaN, Double.NaN, Double.NaN, 0);

  /**
   * Checks that the interval is one.
   *
   * @param value as above
   * @param low as above
   * @param high as above
   * @param n as above
   */
  public Estimate {
    if (low > high || n < 0 || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "an estimate is a finite number with an interval from low to high of at least 0"
                  + " values, but was %s [%s, %s] of %d",
              value,
              low,
              high,
              n));
    }
  }

  /** The mean of values in clusters: one for each prompt, the sum and the number of its values. */
  static Estimate mean(Collection<double[]> clusters) {
    ClusteredMean mean = ClusteredMean.ofSums(clusters);
    return mean.values() == 0 ? NONE : around(mean.mean(), mean.cr1(), mean.values());
  }

  static Estimate around(double value, double error, long n) {
    return new Estimate(value, value - Z * error, value + Z * error, n);
  }

  /**
   * Whether there is a number.
   *
   * @return false where it could not be learned
   */
  public boolean isKnown() {
    return !Double.isNaN(value);
  }

  /**
   * Whether the interval leaves a value out.
   *
   * @param other such as 0
   * @return false where there is no interval
   */
  public boolean excludes(double other) {
    return other < low || other > high;
  }

  /**
   * For tables.
   *
   * @return such as {@code 0.512 [0.310, 0.714] (240)}
   */
  @Override
  public String toString() {
    if (!isKnown()) {
      return "unknown";
    }
    return Double.isNaN(low)
        ? String.format(Locale.ROOT, "%.3f (%d)", value, n)
        : String.format(Locale.ROOT, "%.3f [%.3f, %.3f] (%d)", value, low, high, n);
  }

  static Estimate read(JsonObject json) {
    return new Estimate(
        json.number("value", Double.NaN),
        json.number("low", Double.NaN),
        json.number("high", Double.NaN),
        json.longInteger("n"));
  }

  Map<String, @Nullable Object> toJson() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("value", number(value));
    json.put("low", number(low));
    json.put("high", number(high));
    json.put("n", n);
    return json;
  }

  /** JSON has no NaN: an unknown number is null. */
  static @Nullable Double number(double value) {
    return Double.isNaN(value) ? null : value;
  }
}

package org.tastemaker.examples.report;

import java.util.Locale;
import org.tastemaker.examples.measure.Estimate;

/** Numbers for a person to read. One that does not exist is the word "none". */
final class Numbers {
  static final String NONE = "none";

  private Numbers() {}

  static String text(double value) {
    if (!Double.isFinite(value)) {
      return NONE;
    }
    double size = Math.abs(value);
    boolean plain = value == 0 || (size >= 0.001 && size < 1e6);
    return minus(String.format(Locale.ROOT, plain ? "%.3f" : "%.1e", value));
  }

  /** With its sign, for changes. */
  static String signed(double value) {
    String text = text(value);
    return Double.isFinite(value) && value > 0 ? "+" + text : text;
  }

  /** Such as "[0.550, 0.690]". */
  static String interval(double low, double high) {
    return Double.isFinite(low) && Double.isFinite(high)
        ? "[" + text(low) + ", " + text(high) + "]"
        : NONE;
  }

  static String interval(Estimate estimate) {
    return interval(estimate.low(), estimate.high());
  }

  /** An x value such as a round, without decimals if it is whole. */
  static String x(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : text(value);
  }

  static String count(long count, String one, String many) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? one : many);
  }

  /** A minus sign as wide as a plus, and none before a zero. */
  static String minus(String number) {
    boolean zero = number.chars().noneMatch(c -> c >= '1' && c <= '9');
    return number.startsWith("-") ? (zero ? "" : "\u2212") + number.substring(1) : number;
  }
}

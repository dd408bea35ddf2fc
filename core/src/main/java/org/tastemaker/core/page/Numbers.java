package org.tastemaker.core.page;

import java.util.Locale;

/** Numbers for a person to read. One that does not exist is the word "none". */
public final class Numbers {
  /** What stands for a number that does not exist. */
  public static final String NONE = "none";

  private Numbers() {}

  /**
   * A number of three decimals, or of two digits with its power of ten.
   *
   * @param value any
   * @return the text
   */
  public static String text(double value) {
    if (!Double.isFinite(value)) {
      return NONE;
    }
    double size = Math.abs(value);
    boolean plain = value == 0 || (size >= 0.001 && size < 1e6);
    return minus(String.format(Locale.ROOT, plain ? "%.3f" : "%.1e", value));
  }

  /**
   * With its sign, for changes.
   *
   * @param value any
   * @return such as {@code +0.120}
   */
  public static String signed(double value) {
    String text = text(value);
    return Double.isFinite(value) && value > 0 ? "+" + text : text;
  }

  /**
   * An interval.
   *
   * @param low its lower end
   * @param high its upper end
   * @return such as {@code [0.550, 0.690]}
   */
  public static String interval(double low, double high) {
    return Double.isFinite(low) && Double.isFinite(high)
        ? "[" + text(low) + ", " + text(high) + "]"
        : NONE;
  }

  /**
   * An x value such as a round, without decimals if it is whole.
   *
   * @param value any
   * @return the text
   */
  public static String x(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : text(value);
  }

  /**
   * A count with its noun.
   *
   * @param count how many
   * @param one the noun of one
   * @param many the noun of others
   * @return such as {@code 1,200 images}
   */
  public static String count(long count, String one, String many) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? one : many);
  }

  /**
   * A minus sign as wide as a plus, and none before a zero.
   *
   * @param number with a hyphen
   * @return the text
   */
  public static String minus(String number) {
    boolean zero = number.chars().noneMatch(c -> c >= '1' && c <= '9');
    return number.startsWith("-") ? (zero ? "" : "\u2212") + number.substring(1) : number;
  }
}

package org.tastemaker.core.page;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * An axis with round ticks: multiples of 1, 2 or 5 times a power of ten.
 *
 * @param low its lower end
 * @param high its upper end, above {@code low}
 * @param ticks values within, ascending
 * @param labels one per tick
 */
public record Axis(double low, double high, List<Double> ticks, List<String> labels) {
  /**
   * Copies.
   *
   * @param low as above
   * @param high as above
   * @param ticks as above
   * @param labels as above
   */
  public Axis {
    ticks = List.copyOf(ticks);
    labels = List.copyOf(labels);
  }

  /**
   * From the first value to the last: the values are counts such as rounds.
   *
   * @param values what lies on it
   * @param maxTicks about how many ticks
   * @return the axis
   */
  public static Axis tight(double[] values, int maxTicks) {
    double low = DoubleStream.of(values).min().orElse(0);
    double high = DoubleStream.of(values).max().orElse(1);
    boolean whole = DoubleStream.of(values).allMatch(v -> v == Math.rint(v));
    if (low == high) {
      low -= 1;
      high += 1;
    }
    double step = step(high - low, maxTicks);
    return of(low, high, whole ? Math.max(1, step) : step);
  }

  /**
   * Widened to the ticks around the values, and down to 0 where that is near.
   *
   * @param values what lies on it
   * @param maxTicks about how many ticks
   * @return the axis
   */
  public static Axis loose(double[] values, int maxTicks) {
    double low = DoubleStream.of(values).min().orElse(0);
    double high = DoubleStream.of(values).max().orElse(1);
    if (low > 0 && low <= high / 2) {
      low = 0;
    }
    if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) {
      double margin = high == 0 ? 1 : Math.abs(high) / 2;
      low -= margin;
      high += margin;
    }
    double step = step(high - low, maxTicks);
    return of(Math.floor(low / step) * step, Math.ceil(high / step) * step, step);
  }

  /**
   * Where a value lies.
   *
   * @param value any
   * @return 0 at the lower end and 1 at the upper
   */
  public double position(double value) {
    return (value - low) / (high - low);
  }

  private static double step(double span, int maxTicks) {
    double least = span / maxTicks;
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    for (double factor : new double[] {1, 2, 5}) {
      if (factor * power >= least * (1 - 1e-9)) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  private static Axis of(double low, double high, double step) {
    List<Double> ticks = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    long first = (long) Math.ceil(low / step - 1e-6);
    long last = (long) Math.floor(high / step + 1e-6);
    for (long i = first; i <= last; i++) {
      double tick = i * step;
      ticks.add(tick);
      labels.add(label(tick, decimals));
    }
    return new Axis(low, high, List.copyOf(ticks), List.copyOf(labels));
  }

  private static String label(double tick, int decimals) {
    if (tick == 0) {
      return decimals > 4 ? "0" : BigDecimal.ZERO.setScale(decimals).toPlainString();
    }
    if (decimals > 4 || Math.abs(tick) >= 1e5) { // such as 1.5e-6
      String scientific = String.format(Locale.ROOT, "%.1e", tick);
      int e = scientific.indexOf('e');
      String digits = scientific.substring(0, e);
      return Numbers.minus(
          (digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits)
              + "e"
              + Integer.parseInt(scientific.substring(e + 1)));
    }
    return Numbers.minus(
        BigDecimal.valueOf(tick).setScale(decimals, RoundingMode.HALF_EVEN).toPlainString());
  }
}

package org.tastemaker.core.page;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Curves over a common axis.
 *
 * @param title written above
 * @param xLabel written below the horizontal axis
 * @param curves at least one, with different names
 */
public record Plot(String title, String xLabel, List<Curve> curves) {
  public Plot {
    curves = List.copyOf(curves);
    if (title.isBlank() || curves.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a plot needs a title and at least one curve, but '%s' has %s curves",
              title,
              curves.size()));
    }
    Set<String> names = new HashSet<>();
    for (Curve curve : curves) {
      if (!names.add(curve.name)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the curves of plot '%s' need different names, but there are two '%s'",
                title,
                curve.name));
      }
    }
  }

  /**
   * A plot of a single curve.
   *
   * @param title written above
   * @param xLabel written below the horizontal axis
   * @param curve the curve
   * @return the plot
   */
  public static Plot of(String title, String xLabel, Curve curve) {
    return new Plot(title, xLabel, List.of(curve));
  }

  /**
   * A point of a curve.
   *
   * @param x finite
   * @param y NaN leaves a gap
   * @param low the lower end of its interval, NaN where there is none
   * @param high the upper end
   */
  public record Point(double x, double y, double low, double high) {
    public Point {
      if (!Double.isFinite(x)) {
        throw new IllegalArgumentException("a point's x must be finite, but was " + x);
      }
    }

    boolean isPresent() {
      return Double.isFinite(y);
    }

    /**
     * Whether it has an interval.
     *
     * @return false where an end is NaN
     */
    public boolean hasInterval() {
      return Double.isFinite(low) && Double.isFinite(high);
    }
  }

  /**
   * A curve.
   *
   * @param name for the legend
   * @param points at least one, x ascending
   */
  public record Curve(String name, List<Point> points) {
    public Curve {
      points = List.copyOf(points);
      if (points.isEmpty()) {
        throw new IllegalArgumentException("curve '" + name + "' needs at least one point");
      }
      for (int i = 1; i < points.size(); i++) {
        if (points.get(i).x < points.get(i - 1).x) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "the x values of curve '%s' must ascend, but value %s is %s after %s",
                  name,
                  i,
                  points.get(i).x,
                  points.get(i - 1).x));
        }
      }
    }

    /**
     * A curve without intervals.
     *
     * @param name for the legend
     * @param x finite, ascending
     * @param y one per x; NaN leaves a gap
     * @return the curve
     */
    public static Curve of(String name, double[] x, double[] y) {
      double[] none = new double[x.length];
      Arrays.fill(none, Double.NaN);
      return of(name, x, y, none, none);
    }

    /**
     * A curve with an interval at each point.
     *
     * @param name for the legend
     * @param x finite, ascending
     * @param y one per x; NaN leaves a gap
     * @param low lower ends, one per x; NaN for no interval
     * @param high upper ends, one per x; NaN for no interval
     * @return the curve
     */
    public static Curve of(String name, double[] x, double[] y, double[] low, double[] high) {
      if (y.length != x.length || low.length != x.length || high.length != x.length) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "curve '%s' has %s x values and must have as many of y, low and high, but had %s, %s and %s",
                name,
                x.length,
                y.length,
                low.length,
                high.length));
      }
      List<Point> points = new ArrayList<>();
      for (int i = 0; i < x.length; i++) {
        points.add(new Point(x[i], y[i], low[i], high[i]));
      }
      return new Curve(name, points);
    }
  }
}

package org.tastemaker.core.page;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import org.tastemaker.core.page.Plot.Curve;
import org.tastemaker.core.page.Plot.Point;

/**
 * Draws a plot as SVG. Colours are the style sheet's, so that they fit a light and a dark page;
 * curves differ in their dashes too.
 */
public final class SvgPlot {
  private static final int COLOURS = 4;
  private static final List<String> DASHES = List.of("none", "7 3", "2 3", "9 3 2 3");

  /** More points than this are drawn as a line alone. */
  private static final int MOST_DOTS = 30;

  private final Markup html;
  private final SvgFrame frame;

  private SvgPlot(Markup html, SvgFrame frame) {
    this.html = html;
    this.frame = frame;
  }

  /**
   * Draws into markup.
   *
   * @param html the page
   * @param plot what to draw
   * @param id unique in the page
   */
  public static void draw(Markup html, Plot plot, String id) {
    double[] xs =
        plot.curves().stream().flatMap(c -> c.points().stream()).mapToDouble(Point::x).toArray();
    double[] ys =
        plot.curves().stream()
            .flatMap(c -> c.points().stream())
            .flatMapToDouble(
                p ->
                    p.hasInterval()
                        ? DoubleStream.of(p.y(), p.low(), p.high())
                        : DoubleStream.of(p.y()))
            .filter(Double::isFinite)
            .toArray();
    SvgFrame frame =
        SvgFrame.open(
            html,
            Axis.tight(xs, 6),
            Axis.loose(ys, 5),
            plot.xLabel(),
            plot.title(),
            describe(plot),
            id);
    if (ys.length == 0) {
      frame.middle("no values");
    }
    SvgPlot svg = new SvgPlot(html, frame);
    for (int i = 0; i < plot.curves().size(); i++) {
      svg.band(plot.curves().get(i), i);
    }
    for (int i = 0; i < plot.curves().size(); i++) {
      svg.curve(plot.curves().get(i), i);
    }
    frame.close();
  }

  /**
   * A short piece of a curve, for a legend.
   *
   * @param html the page
   * @param index of the curve
   */
  public static void swatch(Markup html, int index) {
    html.open(
        "svg",
        "xmlns",
        "http://www.w3.org/2000/svg",
        "viewBox",
        "0 0 28 8",
        "class",
        "swatch",
        "aria-hidden",
        "true");
    html.empty(
        "line",
        "x1",
        "0",
        "y1",
        "4",
        "x2",
        "28",
        "y2",
        "4",
        "class",
        "line " + colour(index),
        "stroke-dasharray",
        dash(index));
    html.close("svg");
  }

  /** The intervals: an area over neighbouring points, a bar at an isolated point. */
  private void band(Curve curve, int index) {
    for (List<Point> run : runs(curve.points(), Point::hasInterval)) {
      if (run.size() == 1) {
        Point p = run.get(0);
        html.empty(
            "line",
            "x1",
            x(p.x()),
            "y1",
            y(p.low()),
            "x2",
            x(p.x()),
            "y2",
            y(p.high()),
            "class",
            "bar " + colour(index));
        continue;
      }
      StringBuilder corners = new StringBuilder();
      for (Point p : run) {
        corner(corners, p.x(), p.low());
      }
      for (int i = run.size() - 1; i >= 0; i--) {
        corner(corners, run.get(i).x(), run.get(i).high());
      }
      html.empty("polygon", "points", corners.toString(), "class", "band " + colour(index));
    }
  }

  private void curve(Curve curve, int index) {
    for (List<Point> run : runs(curve.points(), Point::isPresent)) {
      StringBuilder path = new StringBuilder();
      for (Point p : run) {
        path.append(path.length() == 0 ? "M" : " L").append(x(p.x())).append(' ').append(y(p.y()));
      }
      if (run.size() > 1) {
        html.empty(
            "path",
            "d",
            path.toString(),
            "class",
            "line " + colour(index),
            "stroke-dasharray",
            dash(index));
      }
      if (run.size() == 1 || curve.points().size() <= MOST_DOTS) {
        for (Point p : run) {
          html.empty(
              "circle",
              "cx",
              x(p.x()),
              "cy",
              y(p.y()),
              "r",
              run.size() == 1 ? "3" : "2",
              "class",
              "dot " + colour(index));
        }
      }
    }
  }

  /** Runs of neighbouring points with values, so that a gap stays a gap. */
  private static List<List<Point>> runs(List<Point> points, Predicate<Point> has) {
    List<List<Point>> runs = new ArrayList<>();
    List<Point> run = new ArrayList<>();
    for (Point point : points) {
      if (has.test(point)) {
        run.add(point);
      } else if (!run.isEmpty()) {
        runs.add(run);
        run = new ArrayList<>();
      }
    }
    if (!run.isEmpty()) {
      runs.add(run);
    }
    return runs;
  }

  /** For those who do not see it. */
  private static String describe(Plot plot) {
    List<String> parts = new ArrayList<>();
    for (Curve curve : plot.curves()) {
      List<Point> present = curve.points().stream().filter(Point::isPresent).toList();
      if (present.isEmpty()) {
        parts.add(curve.name() + ": no values.");
        continue;
      }
      Point first = present.get(0);
      Point last = present.get(present.size() - 1);
      parts.add(
          String.format(
              Locale.ROOT,
              "%s: from %s at %s %s to %s at %s %s.",
              curve.name(),
              Numbers.text(first.y()),
              plot.xLabel(),
              Numbers.x(first.x()),
              Numbers.text(last.y()),
              plot.xLabel(),
              Numbers.x(last.x())));
    }
    return String.join(" ", parts);
  }

  private void corner(StringBuilder corners, double px, double py) {
    corners.append(corners.length() == 0 ? "" : " ").append(x(px)).append(',').append(y(py));
  }

  private String x(double value) {
    return SvgFrame.number(frame.x(value));
  }

  private String y(double value) {
    return SvgFrame.number(frame.y(value));
  }

  private static String colour(int index) {
    return "c" + index % COLOURS;
  }

  private static String dash(int index) {
    return DASHES.get((index + index / COLOURS) % DASHES.size());
  }
}

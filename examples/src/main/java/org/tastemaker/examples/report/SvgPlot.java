package org.tastemaker.examples.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import org.tastemaker.examples.report.Plot.Curve;
import org.tastemaker.examples.report.Plot.Point;

/**
 * Draws a plot as SVG. Colours are the style sheet's, so that they fit a light and a dark page;
 * curves differ in their dashes too.
 */
final class SvgPlot {
  private static final int WIDTH = 360;
  private static final int HEIGHT = 220;
  private static final int LEFT = 46;
  private static final int RIGHT = 12;
  private static final int TOP = 10;
  private static final int BOTTOM = 38;
  private static final int COLOURS = 4;
  private static final List<String> DASHES = List.of("none", "7 3", "2 3", "9 3 2 3");

  /** More points than this are drawn as a line alone. */
  private static final int MOST_DOTS = 30;

  private final Markup html;
  private final Axis x;
  private final Axis y;

  private SvgPlot(Markup html, Axis x, Axis y) {
    this.html = html;
    this.x = x;
    this.y = y;
  }

  /** Draws into markup; the id makes the names of the title and description unique in the page. */
  static void draw(Markup html, Plot plot, String id) {
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
    html.open(
        "svg",
        "xmlns",
        "http://www.w3.org/2000/svg",
        "viewBox",
        "0 0 " + WIDTH + " " + HEIGHT,
        "role",
        "img",
        "aria-labelledby",
        id + "-title " + id + "-desc");
    html.element("title", plot.title(), "id", id + "-title");
    html.element("desc", describe(plot), "id", id + "-desc");
    SvgPlot svg = new SvgPlot(html, Axis.tight(xs, 6), Axis.loose(ys, 5));
    svg.axes(plot.xLabel());
    if (ys.length == 0) {
      svg.label(LEFT + (WIDTH - LEFT - RIGHT) / 2.0, HEIGHT / 2.0 - 14, "middle", "no values");
    }
    for (int i = 0; i < plot.curves().size(); i++) {
      svg.band(plot.curves().get(i), i);
    }
    for (int i = 0; i < plot.curves().size(); i++) {
      svg.curve(plot.curves().get(i), i);
    }
    html.close("svg").newLine();
  }

  /** A short piece of a curve, for a legend. */
  static void swatch(Markup html, int index) {
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

  private void axes(String xLabel) {
    for (int i = 0; i < y.ticks().size(); i++) {
      double at = y(y.ticks().get(i));
      boolean zero = y.ticks().get(i) == 0;
      html.empty(
          "line",
          "x1",
          "" + LEFT,
          "y1",
          number(at),
          "x2",
          "" + (WIDTH - RIGHT),
          "y2",
          number(at),
          "class",
          zero ? "zero" : "rule");
      label(LEFT - 6, at + 3.5, "end", y.labels().get(i));
    }
    double bottom = HEIGHT - BOTTOM;
    html.empty(
        "line",
        "x1",
        "" + LEFT,
        "y1",
        number(bottom),
        "x2",
        "" + (WIDTH - RIGHT),
        "y2",
        number(bottom),
        "class",
        "axis");
    for (int i = 0; i < x.ticks().size(); i++) {
      double at = x(x.ticks().get(i));
      html.empty(
          "line",
          "x1",
          number(at),
          "y1",
          number(bottom),
          "x2",
          number(at),
          "y2",
          number(bottom + 4),
          "class",
          "axis");
      label(at, bottom + 16, "middle", x.labels().get(i));
    }
    label(LEFT + (WIDTH - LEFT - RIGHT) / 2.0, HEIGHT - 5, "middle", xLabel);
  }

  /** The intervals: an area over neighbouring points, a bar at an isolated point. */
  private void band(Curve curve, int index) {
    for (List<Point> run : runs(curve.points(), Point::hasInterval)) {
      if (run.size() == 1) {
        Point p = run.get(0);
        html.empty(
            "line",
            "x1",
            number(x(p.x())),
            "y1",
            number(y(p.low())),
            "x2",
            number(x(p.x())),
            "y2",
            number(y(p.high())),
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
        path.append(path.length() == 0 ? "M" : " L")
            .append(number(x(p.x())))
            .append(' ')
            .append(number(y(p.y())));
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
              number(x(p.x())),
              "cy",
              number(y(p.y())),
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

  private void label(double x, double y, String anchor, String text) {
    html.element("text", text, "x", number(x), "y", number(y), "text-anchor", anchor);
  }

  private void corner(StringBuilder corners, double px, double py) {
    corners
        .append(corners.length() == 0 ? "" : " ")
        .append(number(x(px)))
        .append(',')
        .append(number(y(py)));
  }

  private double x(double value) {
    return LEFT + x.position(value) * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - y.position(value) * (HEIGHT - TOP - BOTTOM);
  }

  private static String colour(int index) {
    return "c" + index % COLOURS;
  }

  private static String dash(int index) {
    return DASHES.get((index + index / COLOURS) % DASHES.size());
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}

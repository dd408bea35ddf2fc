package org.tastemaker.core.page;

import java.util.Locale;

/**
 * The axes of a picture in SVG, and where values lie on it. Colours are the style sheet's, so that
 * they fit a light and a dark page.
 */
public final class SvgFrame {
  private static final int WIDTH = 360;
  private static final int HEIGHT = 220;
  private static final int LEFT = 46;
  private static final int RIGHT = 12;
  private static final int TOP = 10;
  private static final int BOTTOM = 38;

  private final Markup html;
  private final Axis x;
  private final Axis y;

  private SvgFrame(Markup html, Axis x, Axis y) {
    this.html = html;
    this.x = x;
    this.y = y;
  }

  /**
   * Begins a picture with its axes.
   *
   * @param html the page
   * @param x across
   * @param y upwards
   * @param xLabel below the axis
   * @param title for those who do not see it
   * @param description the numbers in words, for those who do not see it
   * @param id unique in the page
   * @return the frame, to be {@linkplain #close closed}
   */
  public static SvgFrame open(
      Markup html, Axis x, Axis y, String xLabel, String title, String description, String id) {
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
    html.element("title", title, "id", id + "-title");
    html.element("desc", description, "id", id + "-desc");
    SvgFrame frame = new SvgFrame(html, x, y);
    frame.axes(xLabel);
    return frame;
  }

  /** Ends the picture. */
  public void close() {
    html.close("svg").newLine();
  }

  private void axes(String xLabel) {
    for (int i = 0; i < y.ticks().size(); i++) {
      double at = y(y.ticks().get(i));
      straight(LEFT, at, WIDTH - RIGHT, at, y.ticks().get(i) == 0 ? "zero" : "rule");
      text(LEFT - 6, at + 3.5, "end", y.labels().get(i));
    }
    double bottom = HEIGHT - BOTTOM;
    straight(LEFT, bottom, WIDTH - RIGHT, bottom, "axis");
    for (int i = 0; i < x.ticks().size(); i++) {
      double at = x(x.ticks().get(i));
      straight(at, bottom, at, bottom + 4, "axis");
      text(at, bottom + 16, "middle", x.labels().get(i));
    }
    text(LEFT + (WIDTH - LEFT - RIGHT) / 2.0, HEIGHT - 5, "middle", xLabel);
  }

  /**
   * Where a value lies across.
   *
   * @param value on the axis
   * @return in units of the picture
   */
  public double x(double value) {
    return LEFT + x.position(value) * (WIDTH - LEFT - RIGHT);
  }

  /**
   * Where a value lies upwards.
   *
   * @param value on the axis
   * @return in units of the picture, which count downwards
   */
  public double y(double value) {
    return HEIGHT - BOTTOM - y.position(value) * (HEIGHT - TOP - BOTTOM);
  }

  /**
   * A line between two values.
   *
   * @param fromX on the axis across
   * @param fromY on the axis upwards
   * @param toX on the axis across
   * @param toY on the axis upwards
   * @param style its class in the style sheet
   */
  public void line(double fromX, double fromY, double toX, double toY, String style) {
    straight(x(fromX), y(fromY), x(toX), y(toY), style);
  }

  /**
   * A dot.
   *
   * @param atX on the axis across
   * @param atY on the axis upwards
   * @param radius in units of the picture
   * @param style its class in the style sheet
   */
  public void dot(double atX, double atY, double radius, String style) {
    html.empty(
        "circle", "cx", number(x(atX)), "cy", number(y(atY)), "r", number(radius), "class", style);
  }

  /**
   * A column that stands on the axis.
   *
   * @param fromX its left side
   * @param toX its right side
   * @param toY its upper end
   * @param style its class in the style sheet
   */
  public void column(double fromX, double toX, double toY, String style) {
    html.empty(
        "rect",
        "x",
        number(x(fromX)),
        "y",
        number(y(toY)),
        "width",
        number(x(toX) - x(fromX)),
        "height",
        number(HEIGHT - BOTTOM - y(toY)),
        "class",
        style);
  }

  /**
   * Text beside a value.
   *
   * @param atX on the axis across
   * @param atY on the axis upwards
   * @param right how far to the right of it, in units of the picture
   * @param up how far above it
   * @param anchor which end of the text is there: start, middle or end
   * @param text is escaped
   */
  public void label(double atX, double atY, double right, double up, String anchor, String text) {
    text(x(atX) + right, y(atY) - up, anchor, text);
  }

  /** Text in the middle of an empty picture. */
  void middle(String text) {
    text(LEFT + (WIDTH - LEFT - RIGHT) / 2.0, HEIGHT / 2.0 - 14, "middle", text);
  }

  private void straight(double fromX, double fromY, double toX, double toY, String style) {
    html.empty(
        "line",
        "x1",
        number(fromX),
        "y1",
        number(fromY),
        "x2",
        number(toX),
        "y2",
        number(toY),
        "class",
        style);
  }

  private void text(double atX, double atY, String anchor, String text) {
    html.element("text", text, "x", number(atX), "y", number(atY), "text-anchor", anchor);
  }

  static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}

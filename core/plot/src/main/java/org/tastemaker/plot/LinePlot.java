package org.tastemaker.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.tastemaker.core.Image;

/**
 * Curves over a common x axis, each with an optional error band.
 *
 * <pre>{@code
 * Image plot = LinePlot.of("reward", "round", "mean reward")
 *     .line("DDPO", rounds, rewards)
 *     .line("DPOK", rounds, others, low, high)
 *     .draw(800, 500);
 * }</pre>
 *
 * <p>A value that is NaN or infinite leaves a gap in its curve.
 */
public final class LinePlot {
  private static final Color[] COLOURS = { // distinguishable with common colour vision deficiencies
    new Color(0x0072B2), new Color(0xD55E00), new Color(0x009E73), new Color(0xCC79A7),
    new Color(0xE69F00), new Color(0x56B4E9), new Color(0x000000), new Color(0x7F7F7F)
  };

  /** Distinguishes lines of the same colour: the ninth to the sixteenth are dashed, and so on. */
  private static final List<BasicStroke> STROKES =
      List.of(new BasicStroke(2), dashed(8, 5), dashed(2, 4));

  private final String title;
  private final String xLabel;
  private final String yLabel;
  private final List<Line> lines = new ArrayList<>();

  private record Line(
      String name, double[] x, double[] y, double @Nullable [] low, double @Nullable [] high) {}

  private LinePlot(String title, String xLabel, String yLabel) {
    this.title = Objects.requireNonNull(title, "title == null");
    this.xLabel = Objects.requireNonNull(xLabel, "xLabel == null");
    this.yLabel = Objects.requireNonNull(yLabel, "yLabel == null");
  }

  /**
   * An empty plot.
   *
   * @param title written above the plot
   * @param xLabel written below the horizontal axis
   * @param yLabel written beside the vertical axis
   * @return the plot, without lines
   */
  public static LinePlot of(String title, String xLabel, String yLabel) {
    return new LinePlot(title, xLabel, yLabel);
  }

  /**
   * Adds a curve.
   *
   * @param name for the legend; each line needs a different name
   * @param x ascending
   * @param y as many as {@code x}
   * @return this plot
   */
  public LinePlot line(String name, double[] x, double[] y) {
    return add(new Line(name, x.clone(), y.clone(), null, null));
  }

  /**
   * Adds a curve with an error band.
   *
   * @param name for the legend; each line needs a different name
   * @param x ascending
   * @param y as many as {@code x}
   * @param low lower end of the band, as many as {@code x}
   * @param high upper end of the band, as many as {@code x}
   * @return this plot
   */
  public LinePlot line(String name, double[] x, double[] y, double[] low, double[] high) {
    return add(new Line(name, x.clone(), y.clone(), low.clone(), high.clone()));
  }

  private LinePlot add(Line line) {
    if (lines.stream().anyMatch(other -> other.name.equals(line.name))) {
      throw new IllegalArgumentException(
          "the lines of a plot need different names, but there are two '" + line.name + "'");
    }
    for (double[] values : new double[][] {line.y, line.low, line.high}) {
      if (values != null && values.length != line.x.length) {
        throw new IllegalArgumentException(
            "line '"
                + line.name
                + "' has "
                + line.x.length
                + " x values and must have as many y"
                + " values, but had "
                + values.length);
      }
    }
    if (line.x.length == 0) {
      throw new IllegalArgumentException("line '" + line.name + "' needs at least one point");
    }
    for (int i = 0; i < line.x.length; i++) {
      if (!Double.isFinite(line.x[i]) || (i > 0 && line.x[i] < line.x[i - 1])) {
        throw new IllegalArgumentException(
            "the x values of line '"
                + line.name
                + "' must be finite and ascend, but value "
                + i
                + " of "
                + Arrays.toString(line.x)
                + " does not");
      }
    }
    lines.add(line);
    return this;
  }

  /**
   * Draws the plot.
   *
   * @param width in pixels, 100 to 10,000
   * @param height in pixels, 100 to 10,000
   * @return an image of 3 channels
   * @throws IllegalStateException if no line was added
   */
  public Image draw(int width, int height) {
    if (lines.isEmpty()) {
      throw new IllegalStateException("plot '" + title + "' has no line: add one first");
    }
    if (width < 100 || height < 100 || width > 10_000 || height > 10_000) {
      throw new IllegalArgumentException(
          "a plot is 100 to 10,000 pixels wide and high, but was to be " + width + " x " + height);
    }
    XYChart chart =
        new XYChartBuilder()
            .width(width)
            .height(height)
            .title(title)
            .xAxisTitle(xLabel)
            .yAxisTitle(yLabel)
            .theme(Styler.ChartTheme.Matlab)
            .build();
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setLegendVisible(lines.size() > 1);
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Line);
    for (int i = 0; i < lines.size(); i++) {
      draw(
          chart,
          lines.get(i),
          COLOURS[i % COLOURS.length],
          STROKES.get(i / COLOURS.length % STROKES.size()));
    }
    return Image.fromBufferedImage(BitmapEncoder.getBufferedImage(chart));
  }

  private static BasicStroke dashed(float on, float off) {
    return new BasicStroke(
        2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {on, off}, 0);
  }

  private static void draw(XYChart chart, Line line, Color colour, BasicStroke stroke) {
    if (line.low != null && line.high != null) {
      Color pale = new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), 40);
      int[] finite = // the band's corners: along the lower ends, and back along the upper ones
          IntStream.range(0, line.x.length)
              .filter(i -> Double.isFinite(line.low[i]) && Double.isFinite(line.high[i]))
              .toArray();
      int points = finite.length;
      double[] x = new double[2 * points];
      double[] y = new double[2 * points];
      for (int i = 0; i < points; i++) {
        int back = 2 * points - 1 - i;
        x[i] = line.x[finite[i]];
        x[back] = x[i];
        y[i] = line.low[finite[i]];
        y[back] = line.high[finite[i]];
      }
      if (points > 0) {
        XYSeries band = chart.addSeries(line.name + " band", x, y);
        band.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.PolygonArea);
        band.setFillColor(pale);
        band.setLineColor(pale);
        band.setMarker(SeriesMarkers.NONE);
        band.setShowInLegend(false);
      }
    }
    double[] y = line.y.clone();
    for (int i = 0; i < y.length; i++) {
      y[i] = Double.isFinite(y[i]) ? y[i] : Double.NaN;
    }
    XYSeries series = chart.addSeries(line.name, line.x, y);
    series.setLineColor(colour);
    series.setLineStyle(stroke);
    series.setMarkerColor(colour);
    series.setMarker(line.x.length == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
  }
}

package org.tastemaker.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.GraphicsEnvironment;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;

class LinePlotTest {
  @Test
  void theTestsRunWithoutADisplay() {
    assertThat(GraphicsEnvironment.isHeadless()).isTrue();
  }

  @Test
  void aPlotShowsItsCurveAndItsBand() {
    double[] x = {0, 1, 2};
    Image flat = LinePlot.of("t", "x", "y").line("a", x, new double[] {1, 1, 1}).draw(300, 200);
    Image banded =
        LinePlot.of("t", "x", "y")
            .line(
                "a",
                x,
                new double[] {1, Double.NaN, 1},
                new double[] {0, 0, Double.NaN},
                new double[] {2, 2, 2})
            .line("b", x, new double[] {1, 2, 3})
            .draw(300, 200);

    assertThat(flat.width()).isEqualTo(300);
    assertThat(flat.height()).isEqualTo(200);
    assertThat(bluish(flat)).isPositive();
    assertThat(banded).isNotEqualTo(flat);
  }

  @Test
  void theNinthLineHasTheColourOfTheFirstAndIsDashed() {
    int first = blue(nineLines(0));
    int ninth = blue(nineLines(8));

    assertThat(ninth).isBetween(first / 3, first * 4 / 5); // 8 of 13 pixels, and the legend's
  }

  /** Only one of them has values. */
  private static Image nineLines(int visible) {
    LinePlot plot = LinePlot.of("t", "x", "y");
    for (int i = 0; i < 9; i++) {
      double y = i == visible ? 1 : Double.NaN;
      plot.line("line " + i, new double[] {0, 1}, new double[] {y, y});
    }
    return plot.draw(600, 300);
  }

  private static int blue(Image image) {
    int count = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        boolean is = image.get(0, y, x) < 0.2 && image.get(2, y, x) > 0.6;
        count += is ? 1 : 0;
      }
    }
    return count;
  }

  @Test
  void aPlotOfOnePointAndOneOfNoFiniteValueAreDrawn() {
    assertThat(
            LinePlot.of("t", "x", "y").line("a", new double[] {1}, new double[] {2}).draw(200, 200))
        .isNotNull();
    double[] nan = {Double.NaN, Double.NaN};
    assertThat(
            LinePlot.of("t", "x", "y").line("a", new double[] {1, 2}, nan, nan, nan).draw(200, 200))
        .isNotNull();
  }

  @Test
  void aPlotRefusesWhatItCannotDraw() {
    LinePlot plot = LinePlot.of("reward", "x", "y");
    double[] two = {1, 2};
    assertThatThrownBy(() -> plot.draw(300, 200)).hasMessageContaining("plot 'reward' has no line");
    assertThatThrownBy(() -> plot.line("a", two, new double[] {1}))
        .hasMessage("line 'a' has 2 x values and must have as many y values, but had 1");
    assertThatThrownBy(() -> plot.line("a", new double[] {2, 1}, two))
        .hasMessageContaining("value 1 of [2.0, 1.0] does not");
    plot.line("a", two, two);
    assertThatThrownBy(() -> plot.line("a", two, two)).hasMessageContaining("there are two 'a'");
    assertThatThrownBy(() -> plot.draw(10, 200)).hasMessageContaining("10 x 200");
    assertThatThrownBy(() -> plot.line("b", two, two, two, new double[0]))
        .hasMessageContaining("but had 0");
  }

  private static int bluish(Image image) {
    int count = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        if (image.get(2, y, x) - image.get(0, y, x) > 0.5f) {
          count++;
        }
      }
    }
    return count;
  }
}

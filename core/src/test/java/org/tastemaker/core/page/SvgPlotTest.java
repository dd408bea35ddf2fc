package org.tastemaker.core.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SvgPlotTest {
  private static final double NAN = Double.NaN;

  @Test
  void ticksAreRound() {
    assertThat(Axis.loose(new double[] {-0.436, -0.395}, 5).labels())
        .containsExactly(
            "\u22120.44", "\u22120.43", "\u22120.42", "\u22120.41", "\u22120.40", "\u22120.39");
    assertThat(Axis.loose(new double[] {0.02, 0.97}, 5).labels())
        .containsExactly("0.0", "0.2", "0.4", "0.6", "0.8", "1.0");
    assertThat(Axis.loose(new double[] {0, 2.4e-6}, 5).labels())
        .containsExactly("0", "5e-7", "1e-6", "1.5e-6", "2e-6", "2.5e-6");
    assertThat(Axis.loose(new double[] {0, 4e6}, 5).labels())
        .containsExactly("0", "1e6", "2e6", "3e6", "4e6");
  }

  @Test
  void roundsHaveWholeTicks() {
    assertThat(Axis.tight(new double[] {0, 1, 2, 3}, 6).labels())
        .containsExactly("0", "1", "2", "3");
    assertThat(Axis.tight(new double[] {0, 25}, 6).labels())
        .containsExactly("0", "5", "10", "15", "20", "25");
    assertThat(Axis.tight(new double[] {3}, 6).labels()).containsExactly("2", "3", "4");
  }

  @Test
  void everyValueLiesOnItsAxis() {
    double[][] cases = {
      {0},
      {-1},
      {5, 5, 5},
      {1e-9, 2e-9},
      {-1e8, 1e8},
      {0.999999, 1},
      {-0.1, 0.3},
      {1e300, -1e300},
      {}
    };
    for (double[] values : cases) {
      Axis axis = Axis.loose(values, 5);
      assertThat(axis.ticks()).hasSizeBetween(2, 8).isSorted();
      for (double value : values) {
        // Ends are rounded to multiples of the step: a rounding error of a few units in the last
        // place of the ends, relative to the span.
        assertThat(axis.position(value)).isBetween(-1e-6, 1 + 1e-6);
      }
    }
  }

  @Test
  void aMissingValueLeavesAGap() {
    String svg =
        draw(Plot.Curve.of("c", new double[] {0, 1, 2, 3, 4}, new double[] {1, 2, NAN, 3, 4}));

    assertThat(count(svg, "<path ")).isEqualTo(2);
    assertThat(count(svg, "<circle ")).isEqualTo(4);
  }

  @Test
  void aPointThatStandsAloneIsADot() {
    String svg = draw(Plot.Curve.of("c", new double[] {7}, new double[] {1}));

    assertThat(count(svg, "<path ")).isZero();
    assertThat(count(svg, "<circle ")).isEqualTo(1);
  }

  @Test
  void intervalsAreAnAreaOrABarWhereOneStandsAlone() {
    String svg =
        draw(
            Plot.Curve.of(
                "c",
                new double[] {0, 1, 2, 3},
                new double[] {1, 1, 1, 1},
                new double[] {0, 0, NAN, 0},
                new double[] {2, 2, 2, 2}));

    assertThat(count(svg, "<polygon ")).isEqualTo(1);
    assertThat(count(svg, "class=\"bar ")).isEqualTo(1);
  }

  @Test
  void aPolygonGoesAlongTheLowerEndsAndBackAlongTheUpper() {
    String svg =
        draw(
            Plot.Curve.of(
                "c",
                new double[] {0, 1},
                new double[] {0.5, 0.5},
                new double[] {0, 0},
                new double[] {1, 1}));

    // The frame is from 46 to 348 across and from 182 (0) up to 10 (1).
    assertThat(svg).contains("points=\"46.0,182.0 348.0,182.0 348.0,10.0 46.0,10.0\"");
    assertThat(svg).contains("d=\"M46.0 96.0 L348.0 96.0\"");
  }

  @Test
  void curvesDifferInDashesAndNotInColourAlone() {
    List<Plot.Curve> curves =
        java.util.stream.IntStream.range(0, 8)
            .mapToObj(i -> Plot.Curve.of("c" + i, new double[] {0, 1}, new double[] {i, i}))
            .toList();
    Markup html = new Markup();
    SvgPlot.draw(html, new Plot("t", "x", curves), "p");

    List<String> looks =
        Pattern.compile("<path [^>]*(class=\"[^\"]*\" stroke-dasharray=\"[^\"]*\")")
            .matcher(html.toString())
            .results()
            .map(m -> m.group(1))
            .toList();

    assertThat(looks).hasSize(8).doesNotHaveDuplicates();
  }

  @Test
  void aPlotIsDescribedInWords() {
    String svg =
        draw(Plot.Curve.of("held out", new double[] {0, 10}, new double[] {-0.436, -0.395}));

    assertThat(svg)
        .contains("held out: from \u22120.436 at round 0 to \u22120.395 at round 10.")
        .contains("role=\"img\"", "aria-labelledby=\"p-title p-desc\"");
  }

  @Test
  void markupRejectsWhatHtmlCannotClose() {
    assertThatThrownBy(() -> new Markup().empty("div"))
        .hasMessage("HTML does not close an empty <div/>");
    assertThatThrownBy(() -> new Markup().open("p").close("b"))
        .hasMessage("cannot close b: open are [p]");
    assertThatThrownBy(() -> new Markup().open("p").toString())
        .hasMessage("elements are still open: [p]");
    assertThatThrownBy(() -> new Markup().style("</style>"))
        .hasMessage("a style sheet must have no '<' and no '&'");
  }

  private static String draw(Plot.Curve curve) {
    Markup html = new Markup();
    SvgPlot.draw(html, Plot.of("t", "round", curve), "p");
    return html.toString();
  }

  private static int count(String text, String what) {
    return text.split(Pattern.quote(what), -1).length - 1;
  }
}

package org.tastemaker.feedback.study.page;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.tastemaker.core.page.Axis;
import org.tastemaker.core.page.Markup;
import org.tastemaker.core.page.Numbers;
import org.tastemaker.core.page.Parts;
import org.tastemaker.core.page.SvgFrame;
import org.tastemaker.feedback.study.Figure;
import org.tastemaker.feedback.study.Measure;
import org.tastemaker.feedback.study.ReliabilityBin;
import org.tastemaker.feedback.study.StudyReport;

/** The reliability curve, and what a favourite position does. */
final class CurveSections {
  private static final double FAIR = 0.5;
  private static final double COLUMNS = 0.22; // of the height, for the number of pairs

  private final Markup html;
  private final Parts parts;

  CurveSections(Markup html, Parts parts) {
    this.html = html;
    this.parts = parts;
  }

  void reliability(StudyReport report) {
    parts.section(
        "Soft preferences against votes",
        "Across: the judge's probability that the image it prefers is better. Upwards: people's"
            + " share of votes for the same image. On the dashed line the judge means what it"
            + " says; below it, it is too sure. Columns: how many pairs.");
    List<ReliabilityBin> bins =
        report.reliability().stream().filter(bin -> bin.pairs() > 0).toList();
    Figure error = report.all().figure(Measure.CALIBRATION_ERROR);
    if (bins.isEmpty()) {
      html.element("p", "Unknown: " + error.unknown() + ".");
    } else {
      html.element("p", "The expected calibration error is " + Words.both(error) + ".");
      html.open("figure", "class", "plot");
      draw(bins);
      numbers(bins);
      html.close("figure");
    }
    parts.endSection();
  }

  private void draw(List<ReliabilityBin> bins) {
    StringJoiner words = new StringJoiner(" ");
    for (ReliabilityBin bin : bins) {
      words.add(
          String.format(
              Locale.ROOT,
              "At %.2f people's share is %.2f (%d pairs).",
              bin.probability(),
              bin.people(),
              bin.pairs()));
    }
    SvgFrame frame =
        SvgFrame.open(
            html,
            Axis.tight(new double[] {FAIR, 1}, 6),
            Axis.loose(new double[] {0, 1}, 5),
            "the judge's probability",
            "People's share of votes by the judge's probability",
            words.toString(),
            "reliability");
    long most = bins.stream().mapToLong(ReliabilityBin::pairs).max().orElse(1);
    for (ReliabilityBin bin : bins) {
      double gap = 0.15 * (bin.high() - bin.low());
      double height = COLUMNS * bin.pairs() / most;
      frame.column(bin.low() + gap, bin.high() - gap, height, "count");
      frame.label((bin.low() + bin.high()) / 2, height, 0, 3, "middle", brief(bin.pairs()));
    }
    frame.line(FAIR, FAIR, 1, 1, "diagonal");
    for (int i = 1; i < bins.size(); i++) {
      frame.line(
          bins.get(i - 1).probability(),
          bins.get(i - 1).people(),
          bins.get(i).probability(),
          bins.get(i).people(),
          "line c0");
    }
    bins.forEach(bin -> frame.dot(bin.probability(), bin.people(), 3, "dot c0"));
    frame.close();
  }

  private static String brief(long count) {
    return count < 10_000 ? "" + count : count / 1000 + "k";
  }

  private void numbers(List<ReliabilityBin> bins) {
    html.open("details").element("summary", "numbers").open("table").open("thead").open("tr");
    for (String head : List.of("from", "to", "probability", "people", "pairs")) {
      html.element("th", head, "scope", "col");
    }
    html.close("tr").close("thead").open("tbody");
    for (ReliabilityBin bin : bins) {
      html.open("tr").element("th", Numbers.text(bin.low()), "scope", "row");
      html.element("td", Numbers.text(bin.high()));
      html.element("td", Numbers.text(bin.probability()));
      html.element("td", Numbers.text(bin.people())).element("td", "" + bin.pairs()).close("tr");
    }
    html.close("tbody").close("table").close("details");
  }

  void position(StudyReport report) {
    Figure first = report.all().figure(Measure.FIRST_SHOWN);
    Figure swap = report.all().figure(Measure.SWAP_CONSISTENCY);
    parts.section(
        "Position",
        "Among answers that chose one of two images. It is a fault of the judge where images were"
            + " shown in both orders or in a random one.");
    html.element("p", lean(first));
    if (first.isKnown()) {
      bar(first);
    }
    html.element(
        "p",
        swap.isKnown()
            ? "Asked in both orders, it gave the same answer in " + Words.both(swap) + "."
            : "How often it gives the same answer in both orders is unknown: "
                + swap.unknown()
                + ".");
    parts.endSection();
  }

  static String lean(Figure first) {
    if (!first.isKnown()) {
      return "Whether it favours a position is unknown: " + first.unknown() + ".";
    }
    String found =
        "The image shown first won in "
            + Words.both(first)
            + " of "
            + Numbers.count(first.n(), "answer", "answers")
            + "; one half is fair. ";
    return found
        + (!first.interval().excludes(FAIR)
            ? "A favourite position is not shown by these answers."
            : first.value() > FAIR
                ? "It favours the image shown first."
                : "It favours the image shown last.");
  }

  private void bar(Figure first) {
    Axis across = Axis.loose(new double[] {0, 1}, 5);
    String title = "Share of the image shown first";
    html.open("figure", "class", "plot");
    html.open(
        "svg",
        "xmlns",
        "http://www.w3.org/2000/svg",
        "viewBox",
        "0 0 360 48",
        "role",
        "img",
        "aria-label",
        title + ": " + Words.both(first));
    stroke(20, 12, 340, 12, "rule");
    for (int i = 0; i < across.ticks().size(); i++) {
      double at = at(across.ticks().get(i));
      stroke(at, 9, at, 15, "rule");
      html.element(
          "text", across.labels().get(i), "x", number(at), "y", "30", "text-anchor", "middle");
    }
    stroke(at(FAIR), 3, at(FAIR), 21, "zero");
    html.element("text", title, "x", "180", "y", "45", "text-anchor", "middle");
    if (!Double.isNaN(first.interval().low())) {
      stroke(at(first.interval().low()), 12, at(first.interval().high()), 12, "bar c0");
    }
    html.empty("circle", "cx", number(at(first.value())), "cy", "12", "r", "4", "class", "dot c0");
    html.close("svg").close("figure").newLine();
  }

  private static double at(double share) {
    return 20 + 320 * share;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private void stroke(double x1, double y1, double x2, double y2, String style) {
    html.empty(
        "line",
        "x1",
        number(x1),
        "y1",
        number(y1),
        "x2",
        number(x2),
        "y2",
        number(y2),
        "class",
        style);
  }
}

package org.tastemaker.feedback.study.page;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.DoubleStream;
import org.tastemaker.core.page.Axis;
import org.tastemaker.core.page.Markup;
import org.tastemaker.core.page.Numbers;
import org.tastemaker.core.page.Parts;
import org.tastemaker.core.page.SvgFrame;
import org.tastemaker.feedback.study.protocols.ComparisonReport;
import org.tastemaker.feedback.study.protocols.CostUnit;
import org.tastemaker.feedback.study.protocols.ProtocolResult;
import org.tastemaker.feedback.study.protocols.Purchase;

/** Protocols: accuracy against cost, and what a budget buys. */
final class ComparisonSection {
  private static final double GROUPS = 1000; // costs are those of so many
  private static final double NEAR = 14; // in units of the picture

  private final Markup html;
  private final Parts parts;
  private final FigureTables tables;

  ComparisonSection(Markup html, Parts parts, FigureTables tables) {
    this.html = html;
    this.parts = parts;
    this.tables = tables;
  }

  void write(ComparisonReport report, List<Purchase> purchases) {
    parts.section(
        "Which protocol to buy",
        String.format(
            Locale.ROOT,
            "The same judge, asked in different ways about the same %s of %s in which people chose"
                + " an image. A tie and a missing verdict count half, as a coin would.",
            Numbers.count(report.pairs(), "pair", "pairs"),
            Numbers.count(report.prompts(), "prompt", "prompts")));
    purchases.forEach(purchase -> html.element("p", purchase.answer(), "class", "answer"));
    CostUnit unit = report.unit();
    boolean known = report.results().stream().anyMatch(r -> r.cost(unit).isPresent());
    if (known) {
      html.open("figure", "class", "plot");
      draw(report, unit);
      html.close("figure");
    } else {
      html.element("p", "What the protocols cost is not known, so no picture is drawn.");
    }
    table(report, unit);
    purchases.forEach(this::offers);
    if (!report.notes().isEmpty()) {
      html.open("ul", "class", "caveats");
      report.notes().forEach(note -> html.element("li", note));
      html.close("ul");
    }
    parts.endSection();
  }

  private void draw(ComparisonReport report, CostUnit unit) {
    List<ProtocolResult> results =
        report.results().stream().filter(r -> r.cost(unit).isPresent()).toList();
    double[] costs = results.stream().mapToDouble(r -> of(r, unit)).toArray();
    double[] rights =
        results.stream()
            .flatMapToDouble(
                r -> DoubleStream.of(r.right().value(), r.right().low(), r.right().high()))
            .filter(Double::isFinite)
            .toArray();
    StringJoiner words = new StringJoiner(" ");
    for (ProtocolResult result : results) {
      words.add(
          String.format(
              Locale.ROOT,
              "%s: right %s at %s %s.",
              result.protocol(),
              Words.both(result.right()),
              amount(of(result, unit), unit),
              report.name(unit)));
    }
    SvgFrame frame =
        SvgFrame.open(
            html,
            Axis.loose(costs, 5),
            Axis.loose(rights, 5),
            report.name(unit) + " for 1,000 groups",
            "The share of right verdicts by what a protocol costs",
            words.toString(),
            "protocols");
    List<ProtocolResult> front = report.front(unit);
    for (int i = 1; i < front.size(); i++) {
      frame.line(
          of(front.get(i - 1), unit),
          front.get(i - 1).right().value(),
          of(front.get(i), unit),
          front.get(i).right().value(),
          "diagonal");
    }
    for (ProtocolResult result : results) {
      double at = of(result, unit);
      String colour = front.contains(result) ? "c0" : "c1";
      if (!Double.isNaN(result.right().low())) {
        frame.line(at, result.right().low(), at, result.right().high(), "reach " + colour);
      }
      frame.dot(at, result.right().value(), 4, "dot " + colour);
      boolean taken = // the numbers of neighbours would lie upon one another
          results.stream()
              .takeWhile(other -> !other.equals(result))
              .anyMatch(
                  other ->
                      Math.abs(frame.x(of(other, unit)) - frame.x(at)) < NEAR
                          && Math.abs(
                                  frame.y(other.right().value()) - frame.y(result.right().value()))
                              < NEAR);
      String number = "" + (report.results().indexOf(result) + 1);
      frame.label(at, result.right().value(), taken ? -7 : 7, 5, taken ? "end" : "start", number);
    }
    frame.close();
    html.element(
        "figcaption",
        "The numbers are those of the table; upright: intervals. The dashed line joins the"
            + " protocols that no other beats in both.");
  }

  private static double of(ProtocolResult result, CostUnit unit) {
    return GROUPS * result.cost(unit).orElseThrow();
  }

  private void table(ComparisonReport report, CostUnit unit) {
    List<ProtocolResult> front = report.front(unit);
    String money = report.name(CostUnit.MONEY) + " for 1,000";
    tables.begin(List.of("protocol", "right", "undecided", money, "requests", "tokens", "seconds"));
    int number = 1;
    for (ProtocolResult result : report.results()) {
      tables.row(number++ + ". " + result.protocol() + (front.contains(result) ? " \u2605" : ""));
      tables.value(
          "right",
          Numbers.text(result.right().value()),
          Numbers.interval(result.right().low(), result.right().high()));
      tables.cell("undecided", Numbers.text(result.undecided()));
      tables.cell(money, cost(result, CostUnit.MONEY, GROUPS));
      tables.cell("requests", cost(result, CostUnit.REQUESTS, 1));
      tables.cell("tokens", cost(result, CostUnit.TOKENS, 1));
      tables.cell("seconds", cost(result, CostUnit.SECONDS, 1));
      html.close("tr").newLine();
    }
    tables.end();
    html.element(
        "p",
        "Requests, tokens and seconds are those of a group. \u2605: on the dashed line.",
        "class",
        "note");
  }

  private static String cost(ProtocolResult result, CostUnit unit, double groups) {
    return result.cost(unit).isPresent()
        ? amount(groups * result.cost(unit).getAsDouble(), unit)
        : "unknown";
  }

  private static String amount(double value, CostUnit unit) {
    return switch (unit) {
      case MONEY -> Words.money(value);
      case REQUESTS, SECONDS -> String.format(Locale.ROOT, "%.2f", value);
      case TOKENS -> String.format(Locale.ROOT, "%,.0f", value);
    };
  }

  private void offers(Purchase purchase) {
    html.open("details");
    html.element(
        "summary",
        String.format(
            Locale.ROOT,
            "what %s %s buy for %,d groups",
            amount(purchase.amount(), purchase.unit()),
            purchase.unitName(),
            purchase.groups()));
    tables.begin(List.of("protocol", "groups", purchase.unitName(), "right", "behind"));
    for (Purchase.Offer offer : purchase.offers()) {
      tables.row(offer.protocol());
      tables.cell("groups", String.format(Locale.ROOT, "%,d", offer.covered()));
      tables.cell(purchase.unitName(), amount(offer.total(), purchase.unit()));
      tables.value(
          "right",
          Numbers.text(offer.expected().value()),
          Numbers.interval(offer.expected().low(), offer.expected().high()));
      tables.value(
          "behind",
          Numbers.text(offer.behind().value()),
          Numbers.interval(offer.behind().low(), offer.behind().high()));
      html.close("tr").newLine();
    }
    tables.end();
    if (!purchase.unknown().isEmpty()) {
      html.element(
          "p", "Of unknown cost: " + String.join(", ", purchase.unknown()) + ".", "class", "note");
    }
    html.close("details").newLine();
  }
}

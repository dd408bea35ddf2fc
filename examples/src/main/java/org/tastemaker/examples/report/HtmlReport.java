package org.tastemaker.examples.report;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.page.HtmlPage;
import org.tastemaker.core.page.Markup;
import org.tastemaker.core.page.Numbers;
import org.tastemaker.core.page.Parts;
import org.tastemaker.core.page.Plot;
import org.tastemaker.core.page.SvgPlot;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.examples.measure.Estimate;

/** Lays a report out as one HTML file. Missing parts are left out. */
public final class HtmlReport {
  private final Markup html = new Markup();
  private final Parts parts = new Parts(html);

  private HtmlReport() {}

  /**
   * Writes a report, replacing an existing one.
   *
   * @param report what to show
   * @param file where; its folder must exist
   * @throws UncheckedIOException if it cannot be written; an old file is then unchanged
   */
  public static void write(AlignmentReport report, Path file) {
    AtomicFiles.write(file, render(report));
  }

  /**
   * Lays a report out.
   *
   * @param report what to show
   * @return a whole HTML file that loads nothing, well-formed as XML
   */
  public static String render(AlignmentReport report) {
    HtmlReport out = new HtmlReport();
    out.page(report);
    return out.html.toString();
  }

  private void page(AlignmentReport report) {
    HtmlPage.begin(html, report.title(), HtmlPage.styleSheet(HtmlReport.class, "report.css"));
    header(report);
    html.open("main").newLine();
    cost(report.cost());
    measurements(report.measurements());
    plots(report.plots());
    pictures(report.pictures());
    JudgedSection.write(html, parts, report.judged());
    list("What to know about this run", report.notices());
    list("What this does not show", report.caveats());
    configuration(report.configuration());
    provenance(report.provenance());
    html.close("main").newLine();
    HtmlPage.end(html);
  }

  private void header(AlignmentReport report) {
    html.open("header").element("h1", report.title());
    Image change = report.change();
    if (change != null) {
      html.open("figure", "class", "change");
      parts.image(
          change,
          "Images before and after, a row for each prompt, the same seeds in the same places");
      html.element(
          "figcaption",
          "The same prompts and seeds in the same places: left the model before, right the model"
              + " now.");
      html.close("figure").newLine();
    }
    Headline figure = report.headline();
    if (figure != null) {
      html.open("p", "class", "figure");
      html.element("span", figure.measure(), "class", "measure").text(" ");
      html.open("span", "class", "numbers").element("span", Numbers.text(figure.before()));
      html.element("span", " \u2192 ", "class", "arrow");
      html.element("strong", Numbers.text(figure.after())).close("span").close("p");
    }
    html.open("p", "class", "summary").text(report.summary());
    if (figure == null) {
      html.text(
          " Before and after were not both measured on held-out seeds, so no effect is shown.");
    } else {
      html.text(
          String.format(
              Locale.ROOT,
              " The %s went from %s to %s. The change is %s, with a 95\u00a0%% interval of ",
              figure.measure(),
              Numbers.text(figure.before()),
              Numbers.text(figure.after()),
              Numbers.signed(figure.change().value())));
      html.element(
          "span",
          Numbers.interval(figure.change().low(), figure.change().high()),
          "class",
          "nowrap");
      html.text(
          String.format(
              Locale.ROOT,
              ", over %s of the same prompts and seeds%s. ",
              Numbers.count(figure.change().n(), "pair", "pairs"),
              figure.missing() == 0
                  ? ""
                  : " ("
                      + Numbers.count(figure.missing(), "pair", "pairs")
                      + " without a value left out)"));
      html.element("strong", figure.verdict());
    }
    html.close("p").close("header").newLine();
  }

  private void pictures(List<BeforeAfter> pictures) {
    if (pictures.isEmpty()) {
      return;
    }
    Map<String, List<BeforeAfter>> byPrompt = new LinkedHashMap<>();
    pictures.forEach(p -> byPrompt.computeIfAbsent(p.prompt(), x -> new ArrayList<>()).add(p));
    parts.section("Before and after", "Each pair has the same prompt and the same seed.");
    html.open("div", "class", "prompts");
    byPrompt.forEach(
        (prompt, pairs) -> {
          html.open("section", "class", "prompt");
          parts.quoted(prompt);
          html.open("ul", "class", "pairs");
          for (BeforeAfter pair : pairs) {
            html.open("li");
            half("before", pair, pair.before(), pair.labelBefore());
            half("after", pair, pair.after(), pair.labelAfter());
            html.element("p", "seed " + pair.seed(), "class", "seed").close("li").newLine();
          }
          html.close("ul").close("section").newLine();
        });
    html.close("div");
    parts.endSection();
  }

  private void half(String when, BeforeAfter pair, Image image, String label) {
    html.open("figure", "class", when);
    parts.image(
        image,
        String.format(
            Locale.ROOT,
            "%s, %s, seed %s%s",
            pair.prompt(),
            when,
            pair.seed(),
            label.isEmpty() ? "" : ": " + label));
    html.open("figcaption").element("b", when);
    if (!label.isEmpty()) {
      html.text(" ").element("span", label);
    }
    html.close("figcaption").close("figure");
  }

  private void measurements(List<Measurement> rows) {
    if (rows.isEmpty()) {
      return;
    }
    parts.section(
        "Measurements",
        "With 95\u00a0% intervals in brackets: percentile bootstraps over prompts, which are too"
            + " narrow where prompts are few. A change is called better or worse only if its"
            + " interval excludes 0. Several rows are tested at once, so one of them may do so by"
            + " chance.");
    html.open("table", "class", "stacked", "role", "table").open("thead", "role", "rowgroup");
    html.open("tr", "role", "row");
    for (String head : List.of("measurement", "before", "after", "change")) {
      html.element("th", head, "scope", "col", "role", "columnheader");
    }
    html.close("tr").close("thead").open("tbody", "role", "rowgroup").newLine();
    for (Measurement row : rows) {
      html.open("tr", "role", "row").open("th", "scope", "row", "role", "rowheader");
      html.text(row.name());
      if (!row.note().isEmpty()) {
        html.element("small", row.note());
      }
      html.close("th");
      estimate("before", row.before());
      estimate("after", row.after());
      String verdict = row.verdict();
      html.open("td", "role", "cell", "data-label", "change");
      html.element("span", Numbers.signed(row.change().value()), "class", "value");
      html.element(
          "span", Numbers.interval(row.change().low(), row.change().high()), "class", "interval");
      html.element("span", verdict, "class", "verdict " + verdict.replace(' ', '-'));
      html.close("td").close("tr").newLine();
    }
    html.close("tbody").close("table");
    parts.endSection();
  }

  private void estimate(String when, Estimate estimate) {
    html.open("td", "role", "cell", "data-label", when);
    html.element("span", Numbers.text(estimate.value()), "class", "value");
    html.element("span", Numbers.interval(estimate.low(), estimate.high()), "class", "interval");
    html.element("span", Numbers.count(estimate.n(), "image", "images"), "class", "interval");
    html.close("td");
  }

  private void plots(List<Plot> plots) {
    if (plots.isEmpty()) {
      return;
    }
    boolean intervals =
        plots.stream()
            .flatMap(p -> p.curves().stream())
            .flatMap(c -> c.points().stream())
            .anyMatch(Plot.Point::hasInterval);
    parts.section("Over the run", intervals ? "Shaded: 95\u00a0% intervals." : "");
    html.open("div", "class", "plots").newLine();
    for (int i = 0; i < plots.size(); i++) {
      Plot plot = plots.get(i);
      html.open("figure", "class", "plot").open("figcaption").element("b", plot.title());
      html.open("span", "class", "legend");
      for (int c = 0; c < plot.curves().size(); c++) {
        html.open("span");
        SvgPlot.swatch(html, c);
        html.text(plot.curves().get(c).name()).close("span").text(" ");
      }
      html.close("span").close("figcaption");
      SvgPlot.draw(html, plot, "plot" + (i + 1));
      numbers(plot);
      html.close("figure").newLine();
    }
    html.close("div");
    parts.endSection();
  }

  /** The curves' numbers, for those who do not see them or want to copy them. */
  private void numbers(Plot plot) {
    html.open("details").element("summary", "numbers").open("table").open("thead").open("tr");
    for (String head : List.of("curve", plot.xLabel(), "value", "interval")) {
      html.element("th", head, "scope", "col");
    }
    html.close("tr").close("thead").open("tbody");
    for (Plot.Curve curve : plot.curves()) {
      for (Plot.Point point : curve.points()) {
        html.open("tr").element("th", curve.name(), "scope", "row");
        html.element("td", Numbers.x(point.x())).element("td", Numbers.text(point.y()));
        html.element("td", Numbers.interval(point.low(), point.high())).close("tr");
      }
    }
    html.close("tbody").close("table").close("details");
  }

  private void cost(@Nullable Cost cost) {
    if (cost == null) {
      return;
    }
    parts.section("Cost", "");
    if (cost.equals(Cost.NONE)) {
      html.element("p", "No paid calls.");
    } else {
      Map<String, String> rows = new LinkedHashMap<>();
      rows.put("calls", count(cost.usage().requests()));
      rows.put("input tokens", count(cost.usage().inputTokens()));
      rows.put("of these cached", count(cost.usage().cachedInputTokens()));
      rows.put("output tokens", count(cost.usage().outputTokens()));
      rows.put("money", cost.money() == null ? "not known" : cost.money());
      parts.facts(rows);
    }
    parts.endSection();
  }

  private void list(String title, List<String> sentences) {
    if (sentences.isEmpty()) {
      return;
    }
    parts.section(title, "");
    html.open("ul", "class", "caveats");
    sentences.forEach(sentence -> html.element("li", sentence));
    html.close("ul");
    parts.endSection();
  }

  private void configuration(Map<String, Object> configuration) {
    if (configuration.isEmpty()) {
      return;
    }
    parts.section("Configuration", "");
    Map<String, String> rows = new LinkedHashMap<>();
    flatten("", configuration, rows);
    parts.facts(rows);
    parts.endSection();
  }

  private static void flatten(String prefix, Map<?, ?> from, Map<String, String> rows) {
    from.forEach(
        (name, value) -> {
          if (value instanceof Map<?, ?> inner && !inner.isEmpty()) {
            flatten(prefix + name + ".", inner, rows);
          } else {
            rows.put(prefix + name, String.valueOf(value));
          }
        });
  }

  private void provenance(@Nullable Provenance provenance) {
    if (provenance == null) {
      return;
    }
    parts.section("Provenance", "");
    Map<String, String> rows = new LinkedHashMap<>();
    rows.put("made at", provenance.createdAt().toString());
    rows.putAll(provenance.environment());
    provenance.seeds().forEach((name, key) -> rows.put("seed: " + name, Long.toString(key)));
    provenance.hashes().forEach((name, hash) -> rows.put("SHA-256: " + name, hash));
    parts.facts(rows);
    parts.endSection();
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }
}

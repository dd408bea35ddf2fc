package org.tastemaker.feedback.study.page;

import java.util.List;
import org.tastemaker.core.page.Markup;
import org.tastemaker.core.page.Numbers;
import org.tastemaker.core.page.Parts;
import org.tastemaker.feedback.study.Absence;
import org.tastemaker.feedback.study.Figure;
import org.tastemaker.feedback.study.Measure;
import org.tastemaker.feedback.study.Section;
import org.tastemaker.feedback.study.StudyReport;

/** Tables of figures: of all pairs, of criteria and strata, and what is missing. */
final class FigureTables {
  /** More rows than this are in the CSV alone. */
  static final int MOST_ROWS = 60;

  private static final List<Measure> OF_SECTIONS =
      List.of(Measure.DECIDED, Measure.TIES_HALF, Measure.WITH_A_PERSON, Measure.CEILING_ANOTHER);

  private final Markup html;
  private final Parts parts;

  FigureTables(Markup html, Parts parts) {
    this.html = html;
    this.parts = parts;
  }

  void all(StudyReport report) {
    parts.section(
        "All figures",
        "In brackets: intervals by bootstrap over prompts. They are too narrow where prompts are"
            + " few. The error is cluster-robust.");
    begin(List.of("figure", "value", "error", "made of"));
    for (Figure figure : report.all().figures()) {
      boolean money = figure.measure() == Measure.COST;
      row(figure.measure().title() + (money ? ", " + report.currency() : ""));
      if (figure.isKnown()) {
        value("value", figure);
        cell(
            "error",
            Double.isNaN(figure.error())
                ? Numbers.NONE
                : money ? Words.money(figure.error()) : Numbers.text(figure.error()));
        cell("made of", Numbers.count(figure.n(), "value", "values"));
      } else {
        html.open("td", "role", "cell", "class", "unknown", "colspan", "3");
        html.text("unknown: " + figure.unknown()).close("td");
      }
      html.close("tr").newLine();
    }
    end();
    report
        .tieMargin()
        .ifPresent(
            margin ->
                html.element("p", "Scores tie within " + (float) margin + ".", "class", "note"));
    parts.endSection();
  }

  void sections(StudyReport report) {
    List<Section> sections = report.sections().subList(1, report.sections().size());
    if (sections.isEmpty()) {
      return;
    }
    parts.section("By criterion and stratum", "The same figures for a part of the pairs.");
    begin(
        List.of("part", "pairs", "right, decided", "right, ties half", "with a person", "ceiling"));
    for (Section section : sections.subList(0, Math.min(MOST_ROWS, sections.size()))) {
      row(section.name());
      cell("pairs", Numbers.count(section.pairs(), "pair", "pairs"));
      List<String> labels =
          List.of("right, decided", "right, ties half", "with a person", "ceiling");
      for (int i = 0; i < OF_SECTIONS.size(); i++) {
        value(labels.get(i), section.figure(OF_SECTIONS.get(i)));
      }
      html.close("tr").newLine();
    }
    end();
    more(sections.size());
    parts.endSection();
  }

  void absences(StudyReport report) {
    parts.section("Missing, and why", "Pairs that took no part.");
    List<Absence> absences = report.absences();
    if (absences.isEmpty()) {
      html.element("p", "Nothing: every pair has votes and a verdict.");
    } else {
      begin(List.of("reason", "pairs", "of"));
      for (Absence absence : absences.subList(0, Math.min(MOST_ROWS, absences.size()))) {
        row(Words.cut(absence.reason(), 300));
        cell("pairs", Numbers.count(absence.pairs(), "pair", "pairs"));
        cell("of", absence.section());
        html.close("tr").newLine();
      }
      end();
      more(absences.size());
    }
    parts.endSection();
  }

  private void more(int rows) {
    if (rows > MOST_ROWS) {
      html.element(
          "p", (rows - MOST_ROWS) + " more rows are in the CSV of the study.", "class", "note");
    }
  }

  void begin(List<String> heads) {
    html.open("table", "class", "stacked", "role", "table").open("thead", "role", "rowgroup");
    html.open("tr", "role", "row");
    for (String head : heads) {
      html.element("th", head, "scope", "col", "role", "columnheader");
    }
    html.close("tr").close("thead").open("tbody", "role", "rowgroup").newLine();
  }

  void end() {
    html.close("tbody").close("table");
  }

  void row(String name) {
    html.open("tr", "role", "row");
    html.element("th", name, "scope", "row", "role", "rowheader");
  }

  void cell(String label, String text) {
    html.element("td", text, "role", "cell", "data-label", label);
  }

  void value(String label, String value, String interval) {
    html.open("td", "role", "cell", "data-label", label);
    html.element("span", value, "class", "value");
    html.element("span", interval, "class", "interval").close("td");
  }

  private void value(String label, Figure figure) {
    if (figure.isKnown()) {
      value(label, Words.value(figure), Words.interval(figure));
    } else {
      html.open("td", "role", "cell", "data-label", label, "title", figure.unknown());
      html.element("span", "unknown", "class", "unknown").close("td");
    }
  }
}

package org.tastemaker.feedback.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** A report as text and as comma-separated values. */
final class ReportText {
  private ReportText() {}

  static String table(
      String judge,
      long groups,
      List<Section> sections,
      List<Absence> absences,
      List<ReliabilityBin> reliability,
      OptionalDouble tieMargin,
      String currency,
      List<String> notes) {
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT,
            "%s against people: %d groups, value [interval over prompts] +- robust error%n",
            judge,
            groups));
    for (Section section : sections) {
      out.append(
          String.format(
              Locale.ROOT,
              "%n%s (%d pairs of %d prompts)%n",
              section.name(),
              section.pairs(),
              section.prompts()));
      boolean whole = section.name().equals(Section.ALL);
      for (Figure figure : section.figures()) {
        if (figure.isKnown() || whole) {
          String unit = figure.measure() == Measure.COST ? " (" + currency + ")" : "";
          out.append(
              String.format(
                  Locale.ROOT, "  %-36s %s%n", figure.measure().title() + unit, words(figure)));
        }
      }
    }
    out.append(String.format(Locale.ROOT, "%nNot compared%n"));
    for (Absence absence : absences) {
      out.append(
          String.format(
              Locale.ROOT,
              "  %-36s %d pairs: %s%n",
              absence.section(),
              absence.pairs(),
              absence.reason()));
    }
    if (absences.isEmpty()) {
      out.append(String.format(Locale.ROOT, "  nothing%n"));
    }
    if (reliability.stream().anyMatch(bin -> bin.pairs() > 0)) {
      out.append(
          String.format(Locale.ROOT, "%nReliability: judge's probability, people's share%n"));
      for (ReliabilityBin bin : reliability) {
        if (bin.pairs() > 0) {
          out.append(
              String.format(
                  Locale.ROOT,
                  "  %.2f to %.2f   %.3f  %.3f  n %d%n",
                  bin.low(),
                  bin.high(),
                  bin.probability(),
                  bin.people(),
                  bin.pairs()));
        }
      }
    }
    tieMargin.ifPresent(
        margin ->
            out.append(String.format(Locale.ROOT, "%nScores tie within %s.%n", (float) margin)));
    notes.forEach(note -> out.append(String.format(Locale.ROOT, "%n%s%n", note)));
    return out.toString();
  }

  static String csv(
      String judge,
      List<Section> sections,
      List<Absence> absences,
      List<ReliabilityBin> reliability) {
    List<String> lines = new ArrayList<>();
    lines.add("judge,kind,section,name,value,low,high,error,n,prompts,note");
    for (Section section : sections) {
      for (Figure figure : section.figures()) {
        lines.add(
            row(
                judge,
                "figure",
                section.name(),
                figure.measure().name().toLowerCase(Locale.ROOT),
                number(figure.value()),
                number(figure.interval().low()),
                number(figure.interval().high()),
                number(figure.error()),
                "" + figure.n(),
                "" + section.prompts(),
                figure.unknown()));
      }
    }
    for (Absence absence : absences) {
      lines.add(
          row(
              judge,
              "absence",
              absence.section(),
              "pairs",
              "" + absence.pairs(),
              "",
              "",
              "",
              "",
              "",
              absence.reason()));
    }
    for (ReliabilityBin bin : reliability) {
      lines.add(
          row(
              judge,
              "reliability",
              Section.ALL,
              number(bin.probability()),
              number(bin.people()),
              number(bin.low()),
              number(bin.high()),
              "",
              "" + bin.pairs(),
              "",
              "name: the judge's mean probability; value: people's share; low, high: of the bin"));
    }
    return String.join("\n", lines) + "\n";
  }

  /** Money needs more digits than a share does. */
  private static String words(Figure figure) {
    boolean money = figure.measure() == Measure.COST && figure.isKnown();
    return money
        ? String.format(
            Locale.ROOT,
            "%.6f [%.6f, %.6f] n %d",
            figure.value(),
            figure.interval().low(),
            figure.interval().high(),
            figure.n())
        : figure.toString();
  }

  static String number(double value) {
    return Double.isNaN(value) ? "" : Double.toString(value);
  }

  static String row(String... cells) {
    return List.of(cells).stream()
        .map(
            text ->
                text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r')
                    ? text
                    : '"' + text.replace("\"", "\"\"") + '"')
        .collect(Collectors.joining(","));
  }
}

package org.tastemaker.feedback.study;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What a study found. {@link #table} and {@link #csv} write it; a page with pictures would be made
 * from this value and from the groups.
 *
 * @param judge whose verdicts were compared with people's
 * @param groups of images that people voted about
 * @param sections all pairs first, then each criterion, then each value of each stratum
 * @param absences pairs that took no part, by reason
 * @param reliability the curve of soft preferences against votes; bins may be empty
 * @param tieMargin the largest difference of scores that is a tie, chosen on one half of the
 *     prompts; empty where the judge gives no scores
 * @param currency of the cost
 * @param notes how the figures are to be read
 */
public record StudyReport(
    String judge,
    long groups,
    List<Section> sections,
    List<Absence> absences,
    List<ReliabilityBin> reliability,
    OptionalDouble tieMargin,
    String currency,
    List<String> notes) {
  public StudyReport {
    sections = List.copyOf(sections);
    absences = List.copyOf(absences);
    reliability = List.copyOf(reliability);
    notes = List.copyOf(notes);
  }

  /**
   * The figures of all pairs.
   *
   * @return the first section
   */
  public Section all() {
    return sections.get(0);
  }

  /**
   * A section.
   *
   * @param name its name
   * @return the section
   * @throws IllegalArgumentException if there is none; the message says which there are
   */
  public Section section(String name) {
    return sections.stream()
        .filter(section -> section.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no section '"
                        + name
                        + "', but there are "
                        + sections.stream().map(Section::name).toList()));
  }

  /**
   * The report for people.
   *
   * @return lines of text
   */
  public String table() {
    return ReportText.table(
        judge, groups, sections, absences, reliability, tieMargin, currency, notes);
  }

  /**
   * The report for programs: RFC 4180, with a header. Each figure, each reason of absence and each
   * bin of the reliability curve is a row; what is unknown is an empty cell.
   *
   * @return lines
   */
  public String csv() {
    return ReportText.csv(judge, sections, absences, reliability);
  }
}

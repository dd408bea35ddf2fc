package org.tastemaker.feedback.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.feedback.agreement.JudgeComparison;

/**
 * Two judges against the same people, on the pairs about which both have a verdict.
 *
 * @param first report of the first judge, on all of its pairs
 * @param second report of the second
 * @param decided over pairs in which people and both judges chose an image; empty where there is
 *     none
 * @param threeWay over all pairs with both verdicts, a tie being a choice; empty where there is
 *     none
 * @param pairs with both verdicts
 * @param leftOut pairs without the verdict of one of them
 */
public record StudyComparison(
    StudyReport first,
    StudyReport second,
    Optional<JudgeComparison> decided,
    Optional<JudgeComparison> threeWay,
    long pairs,
    long leftOut) {
  /**
   * For people.
   *
   * @return lines of text, without the two reports
   */
  public String table() {
    return String.format(
        Locale.ROOT,
        "%s minus %s, on %d pairs with both verdicts (%d without)%n"
            + "  %-36s %s%n"
            + "  %-36s %s%n",
        first.judge(),
        second.judge(),
        pairs,
        leftOut,
        Measure.DECIDED.title(),
        decided.map(StudyComparison::words).orElse("unknown: " + Measure.DECIDED.none()),
        Measure.THREE_WAY.title(),
        threeWay.map(StudyComparison::words).orElse("unknown: " + Measure.THREE_WAY.none()));
  }

  /**
   * For programs: what differs, as CSV with a header. What is unknown is an empty cell.
   *
   * @return lines, without the two reports
   */
  public String csv() {
    return ReportText.row(
            "first",
            "second",
            "name",
            "difference",
            "low",
            "high",
            "onlyFirst",
            "onlySecond",
            "p",
            "pairs",
            "leftOut")
        + "\n"
        + row(Measure.DECIDED, decided)
        + row(Measure.THREE_WAY, threeWay);
  }

  private String row(Measure measure, Optional<JudgeComparison> compared) {
    List<String> cells =
        new ArrayList<>(
            List.of(first.judge(), second.judge(), measure.name().toLowerCase(Locale.ROOT)));
    cells.addAll(
        compared
            .map(
                c ->
                    List.of(
                        ReportText.number(c.difference().value()),
                        ReportText.number(c.difference().low()),
                        ReportText.number(c.difference().high()),
                        "" + c.onlyFirst(),
                        "" + c.onlySecond(),
                        ReportText.number(c.p())))
            .orElse(List.of("", "", "", "", "", "")));
    cells.add("" + pairs);
    cells.add("" + leftOut);
    return ReportText.row(cells.toArray(String[]::new)) + "\n";
  }

  private static String words(JudgeComparison comparison) {
    return String.format(
        Locale.ROOT,
        "%s, only the first right %d, only the second %d, McNemar p %.4f",
        comparison.difference(),
        comparison.onlyFirst(),
        comparison.onlySecond(),
        comparison.p());
  }
}

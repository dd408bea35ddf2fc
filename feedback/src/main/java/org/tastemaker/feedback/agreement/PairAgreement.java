package org.tastemaker.feedback.agreement;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * How a judge agrees with people about pairs of images.
 *
 * <table class="striped">
 * <caption>What counts as right</caption>
 * <thead><tr><th>figure</th><th>pairs</th><th>right</th></tr></thead>
 * <tbody>
 * <tr><td>{@code decided}</td><td>people and the judge, by {@link PairRow#verdict}, chose an image</td><td>the same</td></tr>
 * <tr><td>{@code threeWay}</td><td>all with a verdict</td><td>the same, a tie being a choice</td></tr>
 * <tr><td>{@code tiesHalf}</td><td>people chose an image</td><td>the same; half where the judge saw
 *     a tie</td></tr>
 * <tr><td>{@code eachOrder}</td><td>each answer by itself, as MMRB2 counts</td><td>the same as
 *     people</td></tr>
 * <tr><td>{@code eachOrderDecided}</td><td>those about pairs in which people chose</td><td>the
 *     same</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Accuracy over decided pairs leaves out what the judge finds hard, so it flatters a judge that
 * ties often: read it beside {@code tiesHalf}.
 *
 * @param rows how many pairs there are
 * @param decided as above
 * @param threeWay as above
 * @param tiesHalf as above
 * @param eachOrder as above
 * @param eachOrderDecided as above
 * @param swapConsistency the share of the same choice in both orders, among pairs answered in both
 * @param firstShown the share of the image shown first, among answers that chose an image: 1/2 for
 *     a judge without a favourite side, if pairs are shown in both orders or in a random one
 * @param ties the share of ties among the judge's answers
 * @param peoplesTies the share of ties among people's choices
 * @param unanswered pairs without a verdict of the judge, since an answer is missing
 */
public record PairAgreement(
    int rows,
    ClusteredMean decided,
    ClusteredMean threeWay,
    ClusteredMean tiesHalf,
    ClusteredMean eachOrder,
    ClusteredMean eachOrderDecided,
    ClusteredMean swapConsistency,
    ClusteredMean firstShown,
    ClusteredMean ties,
    ClusteredMean peoplesTies,
    int unanswered) {
  /**
   * Counts.
   *
   * @param rows pairs that people have judged; the prompt is the cluster
   * @return the figures
   */
  public static PairAgreement of(List<PairRow> rows) {
    return new PairAgreement(
        rows.size(),
        verdicts(rows, row -> isDecided(row.people()), PairAgreement::isDecided, 0),
        verdicts(rows, row -> true, choice -> true, 0),
        verdicts(rows, row -> isDecided(row.people()), choice -> true, 0.5),
        clustered(rows, row -> share(row.answers(), choice -> choice == row.people())),
        clustered(
            rows,
            row ->
                isDecided(row.people())
                    ? share(row.answers(), choice -> choice == row.people())
                    : List.of()),
        clustered(
            rows,
            row ->
                row.forward().isPresent() && row.backward().isPresent()
                    ? List.of(row.forward().equals(row.backward()) ? 1.0 : 0.0)
                    : List.of()),
        clustered(
            rows,
            row ->
                share(
                    row.sides().stream().filter(PairAgreement::isDecided).toList(),
                    side -> side == Choice.FIRST)),
        clustered(rows, row -> share(row.answers(), choice -> choice == Choice.TIE)),
        clustered(rows, row -> share(List.of(row.people()), choice -> choice == Choice.TIE)),
        (int) rows.stream().filter(row -> row.verdict().isEmpty()).count());
  }

  private static boolean isDecided(Choice choice) {
    return choice != Choice.TIE;
  }

  /**
   * The share of right verdicts.
   *
   * @param rowCounts which pairs count
   * @param verdictCounts which verdicts do
   * @param tie what a tie of the judge counts where people chose an image
   */
  private static ClusteredMean verdicts(
      List<PairRow> rows,
      Predicate<PairRow> rowCounts,
      Predicate<Choice> verdictCounts,
      double tie) {
    return clustered(
        rows,
        row ->
            row
                .verdict()
                .filter(verdict -> rowCounts.test(row) && verdictCounts.test(verdict))
                .map(verdict -> verdict == row.people() ? 1.0 : verdict == Choice.TIE ? tie : 0.0)
                .stream()
                .toList());
  }

  private static List<Double> share(List<Choice> choices, Predicate<Choice> counts) {
    return choices.stream().map(choice -> counts.test(choice) ? 1.0 : 0.0).toList();
  }

  private static ClusteredMean clustered(
      List<PairRow> rows, Function<PairRow, List<Double>> values) {
    Map<String, List<Double>> byPrompt = new LinkedHashMap<>();
    for (PairRow row : rows) {
      byPrompt.computeIfAbsent(row.prompt(), unused -> new ArrayList<>()).addAll(values.apply(row));
    }
    return ClusteredMean.of(
        byPrompt.values().stream()
            .map(of -> of.stream().mapToDouble(Double::doubleValue).toArray())
            .toList());
  }
}

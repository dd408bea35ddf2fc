package org.tastemaker.feedback.agreement;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
 * @param swapConsistency the share of the same choice in both orders, among pairs of answers, one
 *     in each
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
        mean(rows, PairMeasure.DECIDED),
        mean(rows, PairMeasure.THREE_WAY),
        mean(rows, PairMeasure.TIES_HALF),
        mean(rows, PairMeasure.EACH_ORDER),
        mean(rows, PairMeasure.EACH_ORDER_DECIDED),
        mean(rows, PairMeasure.SWAP_CONSISTENCY),
        mean(rows, PairMeasure.FIRST_SHOWN),
        mean(rows, PairMeasure.TIES),
        mean(rows, PairMeasure.PEOPLES_TIES),
        (int) rows.stream().filter(row -> row.verdict().isEmpty()).count());
  }

  private static ClusteredMean mean(List<PairRow> rows, PairMeasure measure) {
    Map<String, List<Double>> byPrompt = new LinkedHashMap<>();
    for (PairRow row : rows) {
      byPrompt
          .computeIfAbsent(row.prompt(), unused -> new ArrayList<>())
          .addAll(measure.values(row));
    }
    return ClusteredMean.of(
        byPrompt.values().stream()
            .map(of -> of.stream().mapToDouble(Double::doubleValue).toArray())
            .toList());
  }
}

package org.tastemaker.feedback.calibration;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.BradleyTerry;
import org.tastemaker.core.aggregate.Wins;
import org.tastemaker.core.aggregate.Worths;
import org.tastemaker.feedback.protocol.JudgementFacts;

/** One order out of soft comparisons of pairs, with ties. */
final class PairOrder {
  private static final double ROUNDING = 1e-12;

  private PairOrder() {}

  /**
   * The order of Bradley-Terry worths. Neighbours tie where the probability that one is better than
   * the other differs from that of the contrary by the margin or less; items outside of the largest
   * part that was compared have no place.
   *
   * @param wins of a group's images
   * @param identical images with the content of another, which stands for both
   * @param margin in [0, 1]
   */
  static Ranking of(Wins wins, Map<Integer, Integer> identical, double margin) {
    // 1. What can be compared.
    List<Integer> items = List.of();
    for (List<Integer> part : wins.connectedParts()) {
      items = part.size() > Math.max(1, items.size()) ? part : items;
    }
    if (items.isEmpty()) {
      return Ranking.none(wins.size());
    }
    int n = items.size();
    double[][] own = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        own[i][j] = wins.get(items.get(i), items.get(j));
      }
    }
    // 2. The order, neighbours tied within the margin.
    Worths worths = BradleyTerry.fit(Wins.of(own), BradleyTerry.Options.defaults());
    List<List<Integer>> tiers = new ArrayList<>();
    int last = -1;
    for (List<Integer> tier : worths.ranking().tiers()) {
      for (int item : tier) {
        boolean tied =
            last >= 0
                && (tier.contains(last)
                    || difference(own, worths, last, item) <= margin + ROUNDING);
        if (!tied) {
          tiers.add(new ArrayList<>());
        }
        tiers.get(tiers.size() - 1).add(items.get(item));
        last = item;
      }
    }
    // 3. Copies stand beside the image that was shown.
    Set<Integer> placed = new HashSet<>(items);
    for (List<Integer> tier : tiers) {
      identical.forEach(
          (copy, original) -> {
            if (tier.contains(original) && placed.add(copy)) {
              tier.add(copy);
            }
          });
    }
    return Ranking.ofTiers(wins.size(), tiers);
  }

  private static double difference(double[][] wins, Worths worths, int i, int j) {
    double n = wins[i][j] + wins[j][i];
    double p = n > 0 ? wins[i][j] / n : worths.probability(i, j);
    return Math.abs(2 * p - 1);
  }

  /** Images of a judgement with the content of an earlier one, which was shown for both. */
  static Map<Integer, Integer> identical(Judgement judgement) {
    Map<Integer, Integer> same = new TreeMap<>();
    String recorded = judgement.provenance().getOrDefault(JudgementFacts.IDENTICAL, "");
    for (String one : recorded.isEmpty() ? new String[0] : recorded.split(";", -1)) {
      String[] both = one.split("=", -1);
      same.put(Integer.parseInt(both[0]), Integer.parseInt(both[1]));
    }
    return same;
  }
}

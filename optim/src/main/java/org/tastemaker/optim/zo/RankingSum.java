package org.tastemaker.optim.zo;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;

/**
 * Combines several rankings of the same items into one: by the share of all comparisons that an
 * item wins minus the share that it loses. An item that is in no comparison is not ranked.
 */
final class RankingSum {
  private RankingSum() {}

  static Ranking of(int size, List<Ranking> rankings) {
    double[] net = new double[size]; // wins minus losses: whole numbers, so equal ones tie
    int[] comparisons = new int[size];
    for (Ranking ranking : rankings) {
      if (ranking.size() != size) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "a judgement about %s candidates must rank as many items, but ranks %s",
                size,
                ranking.size()));
      }
      for (Preference pair : ranking.pairs()) {
        double won = 2 * pair.probability() - 1;
        net[pair.first()] += won;
        net[pair.second()] -= won;
        comparisons[pair.first()]++;
        comparisons[pair.second()]++;
      }
    }
    List<OptionalDouble> scores = new ArrayList<>();
    for (int item = 0; item < size; item++) {
      scores.add(
          comparisons[item] == 0
              ? OptionalDouble.empty()
              : OptionalDouble.of(net[item] / comparisons[item]));
    }
    return Ranking.ofScores(scores);
  }
}

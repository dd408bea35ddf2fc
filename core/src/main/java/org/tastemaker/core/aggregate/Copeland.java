package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Ranking;

/**
 * Copeland's method: an item's score is the number of items that it beats by a majority, less the
 * number of those that beat it (A. H. Copeland, 1951).
 *
 * <p>Only who wins a pair counts, not by how much. Around a cycle of majorities all tie.
 */
public final class Copeland {
  /**
   * Sums of halves and of soft labels are exact to about this; a smaller lead is not a majority.
   */
  private static final double ROUNDING = 1e-9;

  private Copeland() {}

  /**
   * The order by scores.
   *
   * @param ballots the votes
   * @return items that were never compared are missing
   */
  public static Ranking rank(Ballots ballots) {
    Wins wins = ballots.wins();
    int[] scores = scores(wins);
    List<OptionalDouble> known = new ArrayList<>(scores.length);
    for (int i = 0; i < scores.length; i++) {
      known.add(wins.comparisons(i) == 0 ? OptionalDouble.empty() : OptionalDouble.of(scores[i]));
    }
    return Ranking.ofScores(known);
  }

  /**
   * Majorities won less majorities lost.
   *
   * @param wins who beat whom how often
   * @return [items], each from 1 - items to items - 1
   */
  public static int[] scores(Wins wins) {
    int[] scores = new int[wins.size()];
    for (int i = 0; i < scores.length; i++) {
      for (int j = 0; j < scores.length; j++) {
        double lead = wins.get(i, j) - wins.get(j, i);
        scores[i] += lead > ROUNDING ? 1 : lead < -ROUNDING ? -1 : 0;
      }
    }
    return scores;
  }
}

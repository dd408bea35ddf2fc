package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Ranking;

/**
 * The Borda count: an item's points are the items that it is placed before (J.-C. de Borda, 1781).
 *
 * <p>A tie is half a point. Where all rankings are full, the order is that of the {@linkplain
 * #points points}. Where some are partial, or single comparisons are added, items were compared
 * unequally often, and the order is that of the {@linkplain #shares shares}: points by comparison.
 */
public final class Borda {
  private Borda() {}

  /**
   * The order by shares.
   *
   * @param ballots the votes
   * @return items that were never compared are missing
   */
  public static Ranking rank(Ballots ballots) {
    return Ranking.ofScores(shares(ballots));
  }

  /**
   * The points of each item.
   *
   * @param ballots the votes
   * @return [items]
   */
  public static double[] points(Ballots ballots) {
    Wins wins = ballots.wins();
    double[] points = new double[wins.size()];
    for (int i = 0; i < points.length; i++) {
      for (int j = 0; j < points.length; j++) {
        points[i] += wins.get(i, j);
      }
    }
    return points;
  }

  /**
   * The share of its comparisons that each item won.
   *
   * @param ballots the votes
   * @return in [0, 1], rounded to 12 digits so that equal shares tie; empty for an item that was
   *     never compared
   */
  public static List<OptionalDouble> shares(Ballots ballots) {
    Wins wins = ballots.wins();
    double[] points = points(ballots);
    List<OptionalDouble> shares = new ArrayList<>(points.length);
    for (int i = 0; i < points.length; i++) {
      double comparisons = wins.comparisons(i);
      shares.add(
          comparisons == 0
              ? OptionalDouble.empty()
              : OptionalDouble.of(Math.rint(points[i] / comparisons * 1e12) / 1e12));
    }
    return List.copyOf(shares);
  }
}

package org.tastemaker.core.aggregate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * How often each item beat each other: the table from which pairwise methods work.
 *
 * <p>Entries need not be whole numbers: a tie is one half for both, a soft label p for one and 1 -
 * p for the other.
 */
public final class Wins {
  private final double[][] wins; // [items, items]

  private Wins(double[][] wins) {
    this.wins = wins;
  }

  /**
   * The table of given entries.
   *
   * @param wins square; {@code wins[i][j]} is how often i beat j, at least 0 and finite; 0 on the
   *     diagonal; copied
   * @return the table
   */
  public static Wins of(double[][] wins) {
    int n = wins.length;
    if (n == 0) {
      throw new IllegalArgumentException("a table of wins needs at least 1 item, but was empty");
    }
    double[][] copy = new double[n][];
    for (int i = 0; i < n; i++) {
      if (wins[i].length != n) {
        throw new IllegalArgumentException(
            "a table of wins is square, but row "
                + i
                + " of "
                + n
                + " has "
                + wins[i].length
                + " entries");
      }
      for (int j = 0; j < n; j++) {
        double w = wins[i][j];
        if (!(w >= 0 && w < Double.POSITIVE_INFINITY) || (i == j && w != 0)) {
          throw new IllegalArgumentException(
              "a number of wins must be finite and at least 0, and 0 of an item over itself, but"
                  + " item "
                  + i
                  + " over item "
                  + j
                  + " has "
                  + w);
        }
      }
      copy[i] = wins[i].clone();
    }
    return new Wins(copy);
  }

  /**
   * The number of items.
   *
   * @return at least 1
   */
  public int size() {
    return wins.length;
  }

  /**
   * How often one item beat another.
   *
   * @param i the winner
   * @param j the loser
   * @return at least 0
   */
  public double get(int i, int j) {
    return wins[i][j];
  }

  /**
   * How often two items were compared.
   *
   * @param i one item
   * @param j the other item
   * @return at least 0
   */
  public double comparisons(int i, int j) {
    return wins[i][j] + wins[j][i];
  }

  /**
   * How often an item was compared with any other.
   *
   * @param i the item
   * @return 0 where nothing is known of it
   */
  public double comparisons(int i) {
    double sum = 0;
    for (int j = 0; j < size(); j++) {
      sum += comparisons(i, j);
    }
    return sum;
  }

  /**
   * The parts that have no comparison between them: the order of two parts is unknown.
   *
   * @return each with its items ascending, in the order of their lowest items; an item that was
   *     never compared is a part of its own
   */
  public List<List<Integer>> connectedParts() {
    int n = size();
    boolean[] seen = new boolean[n];
    List<List<Integer>> parts = new ArrayList<>();
    for (int start = 0; start < n; start++) {
      if (!seen[start]) {
        boolean[] part = reach(start, false, true);
        List<Integer> items = new ArrayList<>();
        for (int i = 0; i < n; i++) {
          if (part[i]) {
            items.add(i);
            seen[i] = true;
          }
        }
        parts.add(List.copyOf(items));
      }
    }
    return List.copyOf(parts);
  }

  /**
   * Why no finite worths maximise the likelihood of these wins, if that is so. They exist if and
   * only if the items cannot be split into two groups such that no item of the first ever beat one
   * of the second (Ford 1957): each item must be reachable from each other by wins.
   *
   * @return a sentence that names the groups and the way out; empty where all is well
   */
  String whyNoMaximum() {
    List<List<Integer>> parts = connectedParts();
    String wayOut =
        "; give the fit a prior (a precision over 0), ask for more comparisons, or leave items out";
    if (parts.size() > 1) {
      return "the worths are undetermined without a prior: items "
          + parts.get(0)
          + " and items "
          + parts.get(1)
          + " were never compared with each other"
          + wayOut;
    }
    boolean[] winners = reach(0, true, false); // those whom 0 beat, directly or through others
    boolean[] losers = reach(0, false, false); // those who beat 0
    for (boolean[] reached : List.of(winners, losers)) {
      List<Integer> in = new ArrayList<>();
      List<Integer> out = new ArrayList<>();
      for (int i = 0; i < size(); i++) {
        (reached[i] ? in : out).add(i);
      }
      if (!out.isEmpty()) {
        boolean inNeverBeatOut = reached == winners;
        return "no finite worths maximise the likelihood: items "
            + (inNeverBeatOut ? in : out)
            + " never beat any of items "
            + (inNeverBeatOut ? out : in)
            + wayOut;
      }
    }
    return "";
  }

  private boolean[] reach(int start, boolean downward, boolean bothWays) {
    boolean[] seen = new boolean[size()];
    Deque<Integer> queue = new ArrayDeque<>(List.of(start));
    seen[start] = true;
    while (!queue.isEmpty()) {
      int i = queue.remove();
      for (int j = 0; j < size(); j++) {
        double edge = bothWays ? comparisons(i, j) : downward ? wins[i][j] : wins[j][i];
        if (!seen[j] && edge > 0) {
          seen[j] = true;
          queue.add(j);
        }
      }
    }
    return seen;
  }

  @Override
  public String toString() {
    return "Wins" + Arrays.deepToString(wins);
  }
}

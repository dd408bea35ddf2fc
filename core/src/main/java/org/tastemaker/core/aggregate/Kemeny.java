package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Ranking;

/**
 * Kemeny's order: the one that contradicts the fewest comparisons (J. G. Kemeny, "Mathematics
 * without Numbers", 1959). It is the maximum likelihood order where each comparison is right with
 * the same probability (H. P. Young, 1988), and the centre that permutation self-consistency takes
 * of a judge's answers under different orders of showing (Tang et al., arXiv:2310.07712).
 *
 * <p>The cost of an order is the number of comparisons that say the opposite:
 *
 * <pre>
 *   cost(order) = sum over pairs (a before b) of wins(b, a)
 * </pre>
 *
 * <p>It is minimised exactly, by dynamic programming over sets (Held and Karp's scheme, 1962): a
 * best order of a set begins with some item, and continues with a best order of the rest.
 *
 * <pre>
 *   best(S) = min over i in S of  best(S - i) + sum over j in S - i of wins(j, i)
 * </pre>
 *
 * <p>Time n^2 2^n, memory 2^n: negligible for 8 items, a second for 16. Of several best orders the
 * first in the order of indices is taken, and their number is reported.
 *
 * <p>What the ballots leave exactly open is a tie: two neighbours of the order that were compared
 * equally often in both directions, where the exchange costs nothing, share a place in {@link
 * #rank}.
 */
public final class Kemeny {
  /** More items than this take more than a second and more than 1 MB. */
  public static final int MAX_ITEMS = 16;

  /** Sums of halves and of soft labels are exact to about this. */
  private static final double ROUNDING = 1e-9;

  private Kemeny() {}

  /**
   * A best order.
   *
   * @param order all items, best first: of several best orders, the first by indices
   * @param cost the comparisons that it contradicts
   * @param optima number of orders of this cost; at least 1
   */
  public record Consensus(List<Integer> order, double cost, long optima) {
    public Consensus {
      order = List.copyOf(order);
    }
  }

  /**
   * The best order of the items that were compared.
   *
   * @param ballots the votes
   * @return items that were never compared are missing; exact draws between neighbours are ties
   */
  public static Ranking rank(Ballots ballots) {
    List<Integer> known = new ArrayList<>();
    Wins all = ballots.wins();
    for (int i = 0; i < all.size(); i++) {
      if (all.comparisons(i) > 0) {
        known.add(i);
      }
    }
    if (known.isEmpty()) {
      return Ranking.none(ballots.size());
    }
    Wins wins = ballots.only(known).wins();
    List<Integer> order = solve(wins).order();
    List<List<Integer>> tiers = new ArrayList<>();
    for (int item : order) {
      List<Integer> last = tiers.isEmpty() ? List.of() : tiers.get(tiers.size() - 1);
      boolean tied = !last.isEmpty();
      for (int other : last) {
        tied &=
            wins.comparisons(item, known.indexOf(other)) > 0
                && Math.abs(
                        wins.get(item, known.indexOf(other)) - wins.get(known.indexOf(other), item))
                    <= ROUNDING;
      }
      if (tied) {
        last.add(known.get(item));
      } else {
        tiers.add(new ArrayList<>(List.of(known.get(item))));
      }
    }
    return Ranking.ofTiers(ballots.size(), tiers);
  }

  /**
   * The best order of all items.
   *
   * @param wins who beat whom how often
   * @return the order, its cost, and how many others are as good
   * @throws IllegalArgumentException if there are more than {@link #MAX_ITEMS} items
   */
  public static Consensus solve(Wins wins) {
    int n = wins.size();
    if (n > MAX_ITEMS) {
      throw new IllegalArgumentException(
          "Kemeny's order is computed exactly for at most "
              + MAX_ITEMS
              + " items, but there were "
              + n
              + "; take Borda, Copeland or Bradley-Terry");
    }
    // 1. best[S]: the lowest cost of an order of the items of S among themselves. Building from
    //    the end leaves the choice of the lowest index to the front.
    double[] best = new double[1 << n];
    long[] optima = new long[1 << n];
    int[] first = new int[1 << n];
    Arrays.fill(best, Double.POSITIVE_INFINITY);
    best[0] = 0;
    optima[0] = 1;
    for (int set = 1; set < 1 << n; set++) {
      for (int i = 0; i < n; i++) {
        if ((set >> i & 1) == 0) {
          continue;
        }
        // 2. i before all the rest of the set contradicts every win of the rest over i.
        int rest = set & ~(1 << i);
        double cost = best[rest];
        for (int j = 0; j < n; j++) {
          cost += (rest >> j & 1) == 1 ? wins.get(j, i) : 0;
        }
        if (cost < best[set] - ROUNDING) {
          best[set] = cost;
          first[set] = i;
          optima[set] = optima[rest];
        } else if (cost <= best[set] + ROUNDING) {
          optima[set] += optima[rest];
        }
      }
    }
    // 3. Read the order off, from the full set down.
    List<Integer> order = new ArrayList<>(n);
    int all = (1 << n) - 1;
    for (int set = all; set != 0; set &= ~(1 << first[set])) {
      order.add(first[set]);
    }
    return new Consensus(order, best[all], optima[all]);
  }
}

package org.tastemaker.optim.zo;

import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.Ranking;

/**
 * What the answer of an (m, k) oracle says, as a directed graph G = (N, E) with an edge (i, j) for
 * each pair in which i is known to be better than j.
 *
 * <p>Without ties and without missing items it has {@code |E| = km - (k^2 + k)/2} edges: between
 * the best k, in order, and from each of them to each of the others. Tied items have no edge
 * between them, and an item about which nothing is known has no edges.
 *
 * <p>If items are tied across the border between the best and the others, all of them count as
 * among the best.
 */
final class PreferenceGraph {
  private final List<List<Integer>> best; // tiers, together at least k items
  private final List<Integer> others; // all others that are ranked
  private final int size;

  private PreferenceGraph(List<List<Integer>> best, List<Integer> others, int size) {
    this.best = best;
    this.others = others;
    this.size = size;
  }

  /** The graph of an answer; only the order of the best {@code k} is used. */
  static PreferenceGraph of(Ranking answer, int k) {
    List<List<Integer>> best = new ArrayList<>();
    List<Integer> others = new ArrayList<>();
    int ranked = 0;
    for (List<Integer> tier : answer.tiers()) {
      if (ranked < k) {
        best.add(tier);
        ranked += tier.size();
      } else {
        others.addAll(tier);
      }
    }
    return new PreferenceGraph(best, others, answer.size());
  }

  /** |E|; 0 if the answer contains no preference. */
  int edges() {
    int edges = 0;
    int behind = best.stream().mapToInt(List::size).sum() + others.size();
    for (List<Integer> tier : best) {
      behind -= tier.size();
      edges += tier.size() * behind;
    }
    return edges;
  }

  /**
   * One number w_i for each item, 0 for a missing one.
   *
   * <p>Exact: the number of edges out of i minus the number into it, which is m - 1 - 2r for the
   * item at place r (from 0) and -k for an item that is not among the best. Items that are tied
   * over the s places from r onwards all get the mean of these places' weights, m - 1 - 2r - (s -
   * 1), which is again the net number of edges. m is the number of ranked items.
   */
  int[] weights(RankWeights kind) {
    int placed = best.stream().mapToInt(List::size).sum() + others.size();
    int extra = kind == RankWeights.PUBLISHED_CODE ? 1 : 0;
    int[] weights = new int[size];
    int place = 0;
    for (List<Integer> tier : best) {
      for (int item : tier) {
        weights[item] = placed - 1 + extra - 2 * place - (tier.size() - 1);
      }
      place += tier.size();
    }
    for (int item : others) {
      weights[item] = -place;
    }
    return weights;
  }
}

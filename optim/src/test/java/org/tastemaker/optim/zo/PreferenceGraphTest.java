package org.tastemaker.optim.zo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;

class PreferenceGraphTest {
  private record Edge(int better, int worse) {
    boolean touches(Edge other) {
      return better == other.better
          || better == other.worse
          || worse == other.better
          || worse == other.worse;
    }
  }

  private static int[] permutation(int m, RandomGenerator random) {
    int[] order = new int[m];
    for (int i = 0; i < m; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** The definition: the k best in order, each before each of the others. */
  private static List<Edge> edges(int[] order, int k) {
    List<Edge> edges = new ArrayList<>();
    for (int r = 0; r < k; r++) {
      for (int s = r + 1; s < order.length; s++) {
        edges.add(new Edge(order[r], order[s]));
      }
    }
    return edges;
  }

  private static int[] netDegrees(List<Edge> edges, int m) {
    int[] degrees = new int[m];
    for (Edge edge : edges) {
      degrees[edge.better]++;
      degrees[edge.worse]--;
    }
    return degrees;
  }

  @Test
  void weightsAndEdgesAreThoseOfTheEnumeratedGraphForEveryOracleUpToEight() {
    RandomGenerator random = Seed.of(1).generator();
    for (int m = 1; m <= 8; m++) {
      for (int k = 1; k <= m; k++) {
        int[] order = permutation(m, random);
        List<Edge> expected = edges(order, k);
        PreferenceGraph graph = PreferenceGraph.of(Ranking.topK(m, Arrays.copyOf(order, k)), k);

        assertThat(graph.weights(RankWeights.EXACT))
            .as("m=%d k=%d", m, k)
            .isEqualTo(netDegrees(expected, m));
        assertThat(graph.edges())
            .isEqualTo(expected.size())
            .isEqualTo(k * m - (k * k + k) / 2); // the paper's |E|
      }
    }
  }

  @Test
  void theNumberOfAdjacentEdgesIsThePapers() {
    // |N(E)|: ordered pairs of different edges that share a node, which bounds the estimate's
    // variance.
    for (int m = 1; m <= 8; m++) {
      for (int k = 1; k <= m; k++) {
        List<Edge> edges = edges(permutation(m, Seed.of(2).generator()), k);
        int adjacent = 0;
        for (Edge a : edges) {
          for (Edge b : edges) {
            adjacent += !a.equals(b) && a.touches(b) ? 1 : 0;
          }
        }
        assertThat(adjacent)
            .as("m=%d k=%d", m, k)
            .isEqualTo(m * m * k + m * k * k - k * k * k + k * k - 4 * m * k + 2 * k);
      }
    }
  }

  @Test
  void anAnswerThatSaysMoreThanTheKBestGivesTheSameGraph() {
    for (int k = 1; k <= 6; k++) {
      PreferenceGraph all = PreferenceGraph.of(Ranking.of(3, 1, 5, 0, 4, 2), k);
      PreferenceGraph best =
          PreferenceGraph.of(Ranking.topK(6, Arrays.copyOf(new int[] {3, 1, 5, 0, 4, 2}, k)), k);

      assertThat(all.weights(RankWeights.EXACT)).isEqualTo(best.weights(RankWeights.EXACT));
      assertThat(all.edges()).isEqualTo(best.edges());
    }
  }

  @Test
  void thePublishedCodesWeightsOfTheRankedAreOneMore() {
    PreferenceGraph graph = PreferenceGraph.of(Ranking.topK(5, 2, 0), 2);

    assertThat(graph.weights(RankWeights.EXACT)).containsExactly(2, -2, 4, -2, -2);
    assertThat(graph.weights(RankWeights.PUBLISHED_CODE)).containsExactly(3, -2, 5, -2, -2);
  }

  @Test
  void withTiesAndMissingItemsTheWeightsAreStillTheNetDegrees() {
    RandomGenerator random = Seed.of(3).generator();
    for (int repeat = 0; repeat < 500; repeat++) {
      int m = 1 + random.nextInt(8);
      int k = 1 + random.nextInt(m);
      List<List<Integer>> tiers = new ArrayList<>();
      for (int item : permutation(m, random)) {
        int where = random.nextInt(3); // a tier of its own, the last tier, or none
        if (where == 0 || (where == 1 && tiers.isEmpty())) {
          tiers.add(new ArrayList<>(List.of(item)));
        } else if (where == 1) {
          tiers.get(tiers.size() - 1).add(item);
        }
      }
      // An item of the tiers until k are in order is better than all of later tiers.
      List<Edge> expected = new ArrayList<>();
      int ranked = 0;
      for (int t = 0; t < tiers.size() && ranked < k; t++) {
        ranked += tiers.get(t).size();
        for (int better : tiers.get(t)) {
          for (int u = t + 1; u < tiers.size(); u++) {
            tiers.get(u).forEach(worse -> expected.add(new Edge(better, worse)));
          }
        }
      }
      PreferenceGraph graph = PreferenceGraph.of(Ranking.ofTiers(m, tiers), k);

      assertThat(graph.weights(RankWeights.EXACT))
          .as("%s k=%d", tiers, k)
          .isEqualTo(netDegrees(expected, m));
      assertThat(graph.edges()).isEqualTo(expected.size());
    }
  }

  @Test
  void tiedItemsShareTheWeightsOfTheirPlaces() {
    PreferenceGraph tied =
        PreferenceGraph.of(Ranking.ofTiers(4, List.of(List.of(3), List.of(0, 2), List.of(1))), 4);

    // Places 1 and 2 have the weights 1 and -1 (exact) and 2 and 0 (published).
    assertThat(tied.weights(RankWeights.EXACT)).containsExactly(0, -3, 0, 3);
    assertThat(tied.weights(RankWeights.PUBLISHED_CODE)).containsExactly(1, -2, 1, 4);
    assertThat(tied.edges()).isEqualTo(5); // one of six less
  }

  @Test
  void anAnswerThatPrefersNothingHasNoEdges() {
    assertThat(PreferenceGraph.of(Ranking.none(4), 2).edges()).isZero();
    assertThat(PreferenceGraph.of(Ranking.ofTiers(4, List.of(List.of(0, 1, 2, 3))), 2).edges())
        .isZero();
    assertThat(PreferenceGraph.of(Ranking.ofTiers(4, List.of(List.of(2))), 2).edges()).isZero();
  }
}

package org.tastemaker.core.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;

class KemenyTest {
  @Test
  void solvesThePublishedTable() {
    Kemeny.Consensus consensus = Kemeny.solve(BradleyTerryTest.PUBLISHED);

    assertThat(consensus.order()).containsExactly(0, 1, 2, 3);
    assertThat(consensus.cost()).isEqualTo(19);
  }

  @Test
  void solvesACycle() {
    Kemeny.Consensus consensus =
        Kemeny.solve(Wins.of(new double[][] {{0, 6, 3}, {4, 0, 7}, {7, 3, 0}}));

    assertThat(consensus.order()).containsExactly(1, 2, 0);
    assertThat(consensus.cost()).isEqualTo(12);
    assertThat(consensus.optima()).isEqualTo(1);
  }

  @Property(tries = 60)
  void isAsGoodAsTheBestOfAllOrders(@ForAll @IntRange(min = 1, max = 6) int n, @ForAll long key) {
    RandomGenerator random = Seed.of(key).generator();
    double[][] table = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        table[i][j] = i == j ? 0 : random.nextInt(5) / 2.0;
      }
    }
    Wins wins = Wins.of(table);

    Kemeny.Consensus consensus = Kemeny.solve(wins);

    List<Double> costs = new ArrayList<>();
    allOrders(wins, new ArrayList<>(), costs);
    double best = costs.stream().mapToDouble(c -> c).min().orElseThrow();
    assertThat(consensus.cost()).isCloseTo(best, within(1e-9)); // sums of halves are exact
    assertThat(cost(wins, consensus.order())).isCloseTo(best, within(1e-9));
    assertThat(consensus.optima()).isEqualTo(costs.stream().filter(c -> c <= best + 1e-9).count());
  }

  @Test
  void reportsThatAnEvenTableHasManyBestOrders() {
    Kemeny.Consensus consensus = Kemeny.solve(Wins.of(new double[4][4]));

    assertThat(consensus.optima()).isEqualTo(24);
    assertThat(consensus.order()).containsExactly(0, 1, 2, 3);
  }

  @Test
  void anExactDrawBetweenNeighboursIsATie() {
    Ballots ballots = Ballots.ofRankings(List.of(Ranking.of(0, 1, 2, 3), Ranking.of(0, 2, 1, 3)));

    assertThat(Kemeny.rank(ballots))
        .isEqualTo(Ranking.ofTiers(4, List.of(List.of(0), List.of(1, 2), List.of(3))));
  }

  @Test
  void anItemThatWasNeverComparedIsMissing() {
    Ballots ballots = Ballots.ofPreferences(3, List.of(new Preference(2, 0, 1)));

    assertThat(Kemeny.rank(ballots)).isEqualTo(Ranking.ofTiers(3, List.of(List.of(2), List.of(0))));
  }

  @Test
  void tooManyItemsPointToOtherMethods() {
    assertThatThrownBy(() -> Kemeny.solve(Wins.of(new double[17][17])))
        .hasMessageContaining("at most 16 items, but there were 17")
        .hasMessageContaining("Borda");
  }

  private static void allOrders(Wins wins, List<Integer> order, List<Double> costs) {
    if (order.size() == wins.size()) {
      costs.add(cost(wins, order));
      return;
    }
    for (int i = 0; i < wins.size(); i++) {
      if (!order.contains(i)) {
        order.add(i);
        allOrders(wins, order, costs);
        order.remove(order.size() - 1);
      }
    }
  }

  private static double cost(Wins wins, List<Integer> order) {
    double cost = 0;
    for (int a = 0; a < order.size(); a++) {
      for (int b = a + 1; b < order.size(); b++) {
        cost += wins.get(order.get(b), order.get(a));
      }
    }
    return cost;
  }
}

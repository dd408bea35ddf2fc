package org.tastemaker.optim.preference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.preference.Pair.Order;

class PairTest {
  @Test
  void theBestIsComparedWithTheWorst() {
    assertThat(Pair.orders(new double[] {2, 5, 1, 4}, Pairing.BEST_AGAINST_WORST, Ties.DROPPED))
        .containsExactly(new Order(1, 2, 1));
  }

  @Test
  void everyImageIsComparedWithEveryOther() {
    assertThat(Pair.orders(new double[] {2, 5, 1}, Pairing.ALL_PAIRS, Ties.DROPPED))
        .containsExactly(new Order(1, 0, 1), new Order(0, 2, 1), new Order(1, 2, 1));
  }

  @Test
  void tiesAreDroppedOrKeptAsPairsOfOneHalf() {
    double[] rewards = {1, 1, 0};
    assertThat(Pair.orders(rewards, Pairing.ALL_PAIRS, Ties.DROPPED))
        .containsExactly(new Order(0, 2, 1), new Order(1, 2, 1));
    assertThat(Pair.orders(rewards, Pairing.ALL_PAIRS, Ties.KEPT))
        .containsExactly(new Order(0, 1, 0.5), new Order(0, 2, 1), new Order(1, 2, 1));
    double[] equal = {3, 3, 3};
    assertThat(Pair.orders(equal, Pairing.BEST_AGAINST_WORST, Ties.DROPPED)).isEmpty();
    assertThat(Pair.orders(equal, Pairing.BEST_AGAINST_WORST, Ties.KEPT))
        .containsExactly(new Order(0, 2, 0.5));
  }

  @Test
  void oneImageAloneIsNoPair() {
    for (Pairing pairing : Pairing.values()) {
      assertThat(Pair.orders(new double[] {3}, pairing, Ties.KEPT)).isEmpty();
    }
  }

  @Test
  void noWinnerHasALowerRewardThanItsLoser() {
    RandomGenerator random = Seed.of(1).generator();
    for (int trial = 0; trial < 200; trial++) {
      double[] rewards = random.ints(1 + random.nextInt(8), 0, 4).asDoubleStream().toArray();
      for (Pairing pairing : Pairing.values()) {
        for (Ties ties : Ties.values()) {
          assertOrders(rewards, pairing, ties);
        }
      }
    }
  }

  private static void assertOrders(double[] rewards, Pairing pairing, Ties ties) {
    List<Order> orders = Pair.orders(rewards, pairing, ties);
    for (Order order : orders) {
      double difference = rewards[order.winner()] - rewards[order.loser()];
      assertThat(difference).isGreaterThanOrEqualTo(0);
      assertThat(order.probability()).isEqualTo(difference > 0 ? 1 : 0.5);
      assertThat(order.winner()).isNotEqualTo(order.loser());
    }
    if (ties == Ties.DROPPED) {
      assertThat(orders).allMatch(order -> order.probability() == 1);
    }
    if (pairing == Pairing.ALL_PAIRS && ties == Ties.KEPT) {
      assertThat(orders).hasSize(rewards.length * (rewards.length - 1) / 2);
    }
  }
}

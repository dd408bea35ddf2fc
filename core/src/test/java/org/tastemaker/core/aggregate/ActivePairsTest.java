package org.tastemaker.core.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;

class ActivePairsTest {
  private static final BradleyTerry.Options PRIOR = new BradleyTerry.Options(0.5);

  @Test
  void withoutKnowledgeEveryItemIsAskedAboutBeforeAnyIsAskedTwice() {
    Worths nothing = BradleyTerry.fit(Wins.of(new double[6][6]), PRIOR);

    List<ActivePairs.Pair> pairs = ActivePairs.next(nothing, 3);

    assertThat(pairs.stream().flatMap(p -> List.of(p.first(), p.second()).stream()))
        .containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
  }

  @Test
  void theGainIsTheLossOfEntropy() {
    Worths worths = BradleyTerry.fit(BradleyTerryTest.PUBLISHED, PRIOR);

    ActivePairs.Pair pair = ActivePairs.next(worths, 1).get(0);

    // the same comparison made: information p (1 - p) on the difference, by definition
    double p = worths.probability(pair.first(), pair.second());
    double v = worths.varianceOfDifference(pair.first(), pair.second());
    assertThat(pair.gain()).isCloseTo(Math.log(1 + p * (1 - p) * v) / 2, within(1e-12));
  }

  @Test
  void anOpenQuestionComesBeforeADecidedOne() {
    double[][] wins = new double[3][3];
    wins[0][1] = 50; // 0 is far ahead of 1 and 2
    wins[0][2] = 50;
    wins[1][0] = 1;
    wins[2][0] = 1;

    ActivePairs.Pair pair = ActivePairs.next(BradleyTerry.fit(Wins.of(wins), PRIOR), 1).get(0);

    assertThat(List.of(pair.first(), pair.second())).containsExactly(1, 2);
  }

  @Test
  void findsTheOrderWithFewerComparisonsThanChance() {
    int active = 0;
    int chance = 0;
    for (int run = 0; run < 30; run++) {
      active += discordance(Seed.of(run), true);
      chance += discordance(Seed.of(run), false);
    }
    // sums of 30 seeded runs: fixed numbers, and not close
    assertThat(active).isLessThan(chance);
  }

  @Test
  void isSettledOnceTheBestStandsOut() {
    Worths nothing = BradleyTerry.fit(Wins.of(new double[3][3]), PRIOR);
    Worths much =
        BradleyTerry.fit(Wins.of(new double[][] {{0, 40, 40}, {2, 0, 9}, {2, 11, 0}}), PRIOR);

    assertThat(ActivePairs.isSettled(nothing, 1, 0.95)).isFalse();
    assertThat(ActivePairs.isSettled(much, 1, 0.95)).isTrue();
    assertThat(ActivePairs.isSettled(much, 2, 0.95)).isFalse();
  }

  @Test
  void theNormalDistributionIsThatOfTheTables() {
    // the formula's stated error is 7.5e-8
    assertThat(ActivePairs.normalBelow(1.959963985)).isCloseTo(0.975, within(1e-7));
    assertThat(ActivePairs.normalBelow(-1)).isCloseTo(0.1586552539, within(1e-7));
  }

  @Test
  void oneItemLeavesNothingToAsk() {
    assertThat(ActivePairs.next(BradleyTerry.fit(Wins.of(new double[1][1]), PRIOR), 2)).isEmpty();
  }

  @Test
  void badArgumentsAreNamed() {
    Worths worths = BradleyTerry.fit(BradleyTerryTest.PUBLISHED, PRIOR);

    assertThatThrownBy(() -> ActivePairs.next(worths, 0)).hasMessageContaining("but was 0");
    assertThatThrownBy(() -> ActivePairs.isSettled(worths, 4, 0.9))
        .hasMessageContaining("1 to 3 of 4 items, but was 4");
    assertThatThrownBy(() -> ActivePairs.isSettled(worths, 1, 1)).hasMessageContaining("(0.5, 1)");
  }

  /** Pairs in the wrong order after 36 comparisons of 8 items by a noisy judge. */
  private static int discordance(Seed seed, boolean active) {
    int n = 8;
    RandomGenerator random = seed.generator();
    double[][] wins = new double[n][n];
    for (int t = 0; t < 36; t++) {
      int i;
      int j;
      if (active) {
        ActivePairs.Pair pair = ActivePairs.next(BradleyTerry.fit(Wins.of(wins), PRIOR), 1).get(0);
        i = pair.first();
        j = pair.second();
      } else {
        i = random.nextInt(n);
        j = (i + 1 + random.nextInt(n - 1)) % n;
      }
      boolean first = random.nextDouble() < 1 / (1 + Math.exp(1.0 * (i - j)));
      wins[first ? i : j][first ? j : i]++;
    }
    Ranking ranking = BradleyTerry.fit(Wins.of(wins), PRIOR).ranking();
    return (int) ranking.pairs().stream().filter(pair -> pair.probability() < 0.5).count();
  }
}

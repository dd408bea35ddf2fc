package org.tastemaker.optim.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Seed;

class RankGapTest {
  private static final List<List<Integer>> ONE = List.of(List.of(0, 1, 2, 3));

  @Test
  void theSameOrderHasNoGapAndTheOppositeOneTheLargest() {
    Rewards up = Rewards.of(1, 2, 3, 40);
    assertThat(RankGap.of(ONE, up, Rewards.of(-9, 0.1, 0.2, 7))).hasValue(0);
    // Ranks 0, 1/3, 2/3, 1 and 1, 2/3, 1/3, 0: the mean of 1, 1/3, 1/3, 1.
    assertThat(RankGap.of(ONE, up, Rewards.of(4, 3, 2, 1)).orElseThrow())
        .isCloseTo(2.0 / 3, within(1e-12));
  }

  @Test
  void tiedImagesHaveTheMeanOfTheirRanks() {
    // All of them 1/2, against 0, 1/3, 2/3, 1.
    assertThat(RankGap.of(ONE, Rewards.of(5, 5, 5, 5), Rewards.of(1, 2, 3, 4)).orElseThrow())
        .isCloseTo((0.5 + 1.0 / 6 + 1.0 / 6 + 0.5) / 4, within(1e-12));
  }

  @Test
  void imagesAreRankedAmongThoseOfTheirPrompt() {
    List<List<Integer>> two = List.of(List.of(0, 1, 2, 3), List.of(4, 5, 6, 7));
    // The second prompt is easier for one reward, and harder for the other.
    Rewards easier = Rewards.of(1, 2, 3, 4, 11, 12, 13, 14);
    Rewards harder = Rewards.of(51, 52, 53, 54, 1, 2, 3, 4);
    assertThat(RankGap.of(two, easier, harder)).hasValue(0);
    List<List<Integer>> pairs = List.of(List.of(0, 1), List.of(2, 3), List.of(4, 5), List.of(6, 7));
    assertThat(RankGap.of(pairs, easier, harder).orElseThrow())
        .as("among all, where no prompt has four: all are 4 ranks of 7 apart")
        .isCloseTo(4.0 / 7, within(1e-12));
  }

  @Test
  void missingRewardsAreLeftOut() {
    Rewards some =
        new Rewards(
            List.of(
                OptionalDouble.of(1),
                OptionalDouble.empty(),
                OptionalDouble.of(2),
                OptionalDouble.of(3)));
    assertThat(RankGap.of(ONE, some, Rewards.of(1, 99, 2, 3))).hasValue(0);
    assertThat(RankGap.of(List.of(List.of(0)), Rewards.of(1), Rewards.of(1))).isEmpty();
  }

  @Test
  void ordersThatHaveNothingInCommonHaveAGapOfAboutAThird() {
    int n = 2000;
    List<List<Integer>> all = List.of(IntStream.range(0, n).boxed().toList());
    double[] a = Seed.of(1).generator().doubles(n).toArray();
    double[] b = Seed.of(2).generator().doubles(n).toArray();
    assertThat(RankGap.of(all, Rewards.of(a), Rewards.of(b)).orElseThrow())
        .isCloseTo(1.0 / 3, within(0.02));
  }
}

package org.tastemaker.reward.combine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.reward.Rollouts;

/** Several rewards as one, against reference numbers, which are given to eight decimals. */
class MixedRewardsTest {
  private static final double DECIMALS = 1e-8;
  private static final RewardModel NARROW = given(.2, .5, .5, .9, .1, .1, .1, .1, 1, 0, 0, 0);
  private static final RewardModel WIDE = given(10, 20, 40, 30, 5, 6, 7, 8, 0, 0, 50, 50);

  private static RewardModel given(double... rewards) {
    return (rollout, judgements) -> Rewards.of(rewards);
  }

  private static Rollout threeGroups() {
    return Rollouts.ofPrompts("a", "a", "a", "a", "b", "b", "b", "b", "c", "c", "c", "c");
  }

  private static double[] score(RewardModel reward, Rollout rollout) {
    return reward.score(rollout, List.of()).values().stream()
        .mapToDouble(OptionalDouble::orElseThrow)
        .toArray();
  }

  @Test
  void gdpoIsTheReferenceNumbers() {
    RewardModel reward =
        WeightedReward.gdpo().add("narrow", NARROW, 1).add("wide", WIDE, 0.5).build();
    try (Rollout rollout = threeGroups()) {
      assertThat(score(reward, rollout))
          .containsExactly(
              new double[] {
                -2.06245039, -.33810276, .59505146, 1.80550169,
                -.69980933, -.23326978, .23326978, .69980933,
                1.28499267, -1.12386642, -.08056312, -.08056312
              },
              within(DECIMALS));
    }
    assertThat(reward.isRelative()).isTrue();
  }

  @Test
  void aPlainSumThatIsStandardisedByPromptIsTheReferenceNumbers() {
    RewardModel reward =
        WeightedReward.builder()
            .add("narrow", NARROW, 1, Standardisation.none())
            .add("wide", WIDE, 0.5, Standardisation.none())
            .afterwards(Standardisation.byPrompt(1e-4))
            .build();
    try (Rollout rollout = threeGroups()) {
      assertThat(score(reward, rollout))
          .containsExactly(
              new double[] {
                -1.36343859, -.43995942, 1.30245412, .50094389,
                -1.34140083, -.44713361, .44713361, 1.34140083,
                -.95877661, -1.04037461, .99957561, .99957561
              },
              within(DECIMALS));
    }
  }

  @Test
  void winRatesOfAMatrixAreTheReferenceNumbers() {
    double[] rates =
        PairwiseWinRate.rates(
            new double[][] {{0, 1, 1, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {1, 1, 0, 0}});
    assertThat(rates)
        .containsExactly(new double[] {2 / 3.0, 1 / 3.0, 1 / 3.0, 2 / 3.0}, within(1e-15));
    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "a", "a")) {
      assertThat(
              score((r, j) -> Standardisation.byPrompt(1e-4).apply(r, Rewards.of(rates)), rollout))
          .containsExactly(
              new double[] {.99940036, -.99940036, -.99940036, .99940036}, within(DECIMALS));
    }
  }

  @Test
  void winRatesByAScoreHaveTiesWithinTheMargin() {
    RewardModel reward = PairwiseWinRate.of(given(1, 1.05, 2, 0, 7), 0.1);
    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "a", "a", "b")) {
      Rewards rewards = reward.score(rollout, List.of());
      assertThat(rewards.get(0)).hasValueCloseTo(1.5 / 3, within(1e-15));
      assertThat(rewards.get(1)).hasValueCloseTo(1.5 / 3, within(1e-15));
      assertThat(rewards.get(2)).hasValue(1);
      assertThat(rewards.get(3)).hasValue(0);
      assertThat(rewards.get(4)).as("one image alone").isEmpty();
    }
  }

  @Test
  void anImageWithoutAScoreHasNoWinRateAndTakesNoPart() {
    RewardModel partly =
        (rollout, judgements) ->
            new Rewards(
                List.of(OptionalDouble.of(1), OptionalDouble.empty(), OptionalDouble.of(2)));
    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "a")) {
      assertThat(PairwiseWinRate.of(partly, 0).score(rollout, List.of()))
          .isEqualTo(
              new Rewards(
                  List.of(OptionalDouble.of(0), OptionalDouble.empty(), OptionalDouble.of(1))));
    }
  }

  @Test
  void badMarginsAndVerdictsAreErrors() {
    assertThatThrownBy(() -> PairwiseWinRate.of(NARROW, -1))
        .hasMessage("margin must be at least 0 and finite, but was -1.0");
    assertThatThrownBy(() -> PairwiseWinRate.rates(new double[][] {{0, 2}, {0, 0}}))
        .hasMessage("a verdict must be in [0, 1], but the one on image 0 against 1 is 2.0");
    assertThatThrownBy(() -> PairwiseWinRate.rates(new double[][] {{0, 1}, {0}}))
        .hasMessage("the verdicts on 2 images have 2 columns, but row 1 has 1");
    assertThatThrownBy(() -> Standardisation.byPrompt(0))
        .hasMessage("epsilon must be above 0 and finite, but was 0.0");
  }
}

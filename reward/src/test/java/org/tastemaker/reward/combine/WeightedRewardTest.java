package org.tastemaker.reward.combine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.reward.Rollouts;

class WeightedRewardTest {
  @Test
  void partsAreStandardisedAndAdded() {
    RewardModel reward =
        WeightedReward.builder()
            .add("size", given(10, 20, 30, 40), 1)
            .add("order", given(0, 1, 1, 0), 0.5)
            .build();

    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "b", "b")) {
      Rewards rewards = reward.score(rollout, List.of());

      // mean 25, std sqrt(125); mean 1/2, std 1/2; the 1e-8 beside the std moves the 9th digit
      double[] expected = {
        -15 / Math.sqrt(125) - 0.5,
        -5 / Math.sqrt(125) + 0.5,
        5 / Math.sqrt(125) + 0.5,
        15 / Math.sqrt(125) - 0.5
      };
      for (int i = 0; i < 4; i++) {
        assertThat(rewards.get(i).getAsDouble()).isCloseTo(expected[i], within(1e-7));
      }
    }
  }

  @Test
  void byPromptTakesTheMeanOfEachPromptAway() {
    RewardModel reward =
        WeightedReward.builder()
            .add("size", given(10, 20, 30, 50), 1, Standardisation.byPrompt())
            .build();

    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "b", "b")) {
      Rewards rewards = reward.score(rollout, List.of());

      assertThat(rewards.values().stream().mapToDouble(OptionalDouble::getAsDouble).toArray())
          .containsExactly(new double[] {-1, 1, -1, 1}, within(1e-8));
    }
  }

  @Test
  void centredByPromptKeepsTheSizeOfDifferences() {
    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "b", "b")) {
      assertThat(Standardisation.centredByPrompt().apply(rollout, Rewards.of(10, 20, 3, 3)))
          .isEqualTo(Rewards.of(-5, 5, 0, 0));
    }
  }

  @Test
  void centredByPromptLeavesMissingRewardsMissing() {
    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "a")) {
      assertThat(
              Standardisation.centredByPrompt().apply(rollout, withoutFirst(Rewards.of(9, 1, 3))))
          .isEqualTo(withoutFirst(Rewards.of(9, -1, 1)));
    }
  }

  @Test
  void fixedStatisticsAreTheSameForEveryRollout() {
    try (Rollout rollout = Rollouts.ofPrompts("a", "b")) {
      assertThat(Standardisation.fixed(1, 2).apply(rollout, Rewards.of(5, 0)))
          .isEqualTo(Rewards.of(2, -0.5));
      assertThat(Standardisation.none().apply(rollout, Rewards.of(5, 0)))
          .isEqualTo(Rewards.of(5, 0));
    }
  }

  @Test
  void aSumIsRelativeIfEveryPartIs() {
    RewardModel size = given(1, 2, 3);
    assertThat(WeightedReward.builder().add("size", size, 1).build().isRelative()).isTrue();
    for (Standardisation centring :
        List.of(
            Standardisation.byRollout(),
            Standardisation.byPrompt(),
            Standardisation.centredByPrompt())) {
      assertThat(centring.centres()).isTrue();
    }
    RewardModel fixed =
        WeightedReward.builder()
            .add("size", size, 1)
            .add("score", size, 1, Standardisation.fixed(0, 1))
            .build();
    assertThat(fixed.isRelative()).isFalse();
    assertThat(Standardisation.none().centres()).isFalse();
  }

  @Test
  void whatMissesOnePartIsMissing() {
    RewardModel partly = (rollout, judgements) -> withoutFirst(Rewards.of(9, 1, 3));
    RewardModel reward =
        WeightedReward.builder().add("whole", given(1, 2, 3), 1).add("partly", partly, 1).build();

    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "a")) {
      Rewards rewards = reward.score(rollout, List.of());

      assertThat(rewards.values().stream().map(OptionalDouble::isPresent))
          .containsExactly(false, true, true);
      // mean and std of the part are those of its two rewards: -1 and 1
      assertThat(rewards.get(1).getAsDouble()).isCloseTo(0 - 1, within(1e-7));
    }
  }

  @Test
  void aPartWithWeightZeroIsMissedAllTheSame() {
    RewardModel partly = (rollout, judgements) -> withoutFirst(Rewards.of(9, 1));

    try (Rollout rollout = Rollouts.ofPrompts("a", "a")) {
      assertThat(
              WeightedReward.builder()
                  .add("whole", given(1, 2), 1)
                  .add("partly", partly, 0)
                  .build()
                  .score(rollout, List.of())
                  .get(0))
          .isEmpty();
    }
  }

  @Property
  void standardisedRewardsHaveMeanZeroAndAtMostUnitSpread(
      @ForAll @Size(min = 1, max = 8) List<@DoubleRange(min = -1e3, max = 1e3) Double> values) {
    String[] prompts = new String[values.size()];
    Arrays.fill(prompts, "a");
    try (Rollout rollout = Rollouts.ofPrompts(prompts)) {
      Rewards rewards =
          Standardisation.byRollout()
              .apply(
                  rollout, Rewards.of(values.stream().mapToDouble(Double::doubleValue).toArray()));

      // rounding of the mean, 1e3 * 1e-16 * 8, over a std that is 1e-8 at least
      assertThat(rewards.mean().getAsDouble()).isCloseTo(0, within(1e-4));
      double squares =
          rewards.values().stream().mapToDouble(r -> r.getAsDouble() * r.getAsDouble()).sum();
      assertThat(squares / values.size()).isLessThanOrEqualTo(1 + 1e-9);
    }
  }

  @Test
  void equalRewardsBecomeZeros() {
    try (Rollout rollout = Rollouts.ofPrompts("a", "a")) {
      assertThat(Standardisation.byRollout().apply(rollout, Rewards.of(3, 3)))
          .isEqualTo(Rewards.of(0, 0));
    }
  }

  @Test
  void thePartsAreThereForLogs() {
    WeightedReward reward =
        WeightedReward.builder().add("size", given(1, 2), 1).add("order", given(0, 1), 2).build();

    try (Rollout rollout = Rollouts.ofPrompts("a", "a")) {
      Map<String, Rewards> parts = reward.parts(rollout, List.of());

      assertThat(parts).containsEntry("size", Rewards.of(1, 2));
      assertThat(parts.keySet()).containsExactly("size", "order");
      assertThat(reward.combine(rollout, parts)).isEqualTo(reward.score(rollout, List.of()));
    }
  }

  @Test
  void badPartsAreSaid() {
    assertThatThrownBy(() -> WeightedReward.builder().build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a weighted reward needs at least one part; add() it");
    assertThatThrownBy(() -> WeightedReward.builder().add("a", given(1), Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the weight of 'a' must be finite, but was NaN");
    assertThatThrownBy(() -> WeightedReward.builder().add("a", given(1), 1).add("a", given(2), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("parts need different names, but 'a' was added twice");
    assertThatThrownBy(() -> Standardisation.fixed(0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("mean and std must be finite and std above 0, but were 0.0 and 0.0");
  }

  @Test
  void aPartThatGivesTooFewRewardsIsSaid() {
    try (Rollout rollout = Rollouts.ofPrompts("a", "a")) {
      WeightedReward reward = WeightedReward.builder().add("size", given(1), 1).build();

      assertThatThrownBy(() -> reward.score(rollout, List.of()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "the reward 'size' must give one reward for each of the 2 images, but gave 1");
      assertThatThrownBy(() -> reward.combine(rollout, Map.of("order", Rewards.of(1, 2))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the parts are [size], but there are rewards of [order]");
    }
  }

  private static RewardModel given(double... rewards) {
    return (rollout, judgements) -> Rewards.of(rewards);
  }

  private static Rewards withoutFirst(Rewards rewards) {
    List<OptionalDouble> values = new java.util.ArrayList<>(rewards.values());
    values.set(0, OptionalDouble.empty());
    return new Rewards(values);
  }
}

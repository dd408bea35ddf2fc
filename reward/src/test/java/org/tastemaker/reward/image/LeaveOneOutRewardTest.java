package org.tastemaker.reward.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.reward.Rollouts;

class LeaveOneOutRewardTest {
  /** A few additions of shares below 1. */
  private static final double EXACT = 1e-12;

  @Test
  void theRareClassIsGivenWhatTheSharesWouldLoseWithoutIt() {
    Rewards rewards = even(1, 0, 0, 0);

    // v(S) = -2 (1/4)^2 = -1/8; without the rare one -2 (1/2)^2; without another -2 (1/6)^2
    assertThat(rewards.get(0).getAsDouble()).isCloseTo(4 * (-1.0 / 8 + 0.5), within(EXACT));
    assertThat(rewards.get(1).getAsDouble()).isCloseTo(4 * (-1.0 / 8 + 1.0 / 18), within(EXACT));
    assertThat(rewards.get(3).getAsDouble()).isEqualTo(rewards.get(1).getAsDouble());
  }

  @Test
  void theNumbersOfTheClassCommentAreThese() {
    int[] labels = new int[16];
    labels[5] = 1;
    Rewards rewards = even(labels);

    assertThat(rewards.get(5).getAsDouble()).isCloseTo(1.875, within(EXACT));
    assertThat(rewards.get(0).getAsDouble()).isCloseTo(-0.12, within(5e-3)); // two digits;
  }

  @Test
  void inASetAsItShouldBeAllAreGivenTheSame() {
    List<OptionalDouble> rewards = even(0, 1, 1, 0).values();

    assertThat(rewards).allSatisfy(r -> assertThat(r).isEqualTo(rewards.get(0)));
  }

  @Test
  void anImageThatCannotBeClassifiedIsGivenZero() {
    Rewards rewards = even(0, -1, 1, 1);

    assertThat(rewards.get(1)).hasValue(0);
    assertThat(rewards.get(0).getAsDouble()).isPositive();
    assertThat(rewards.get(2).getAsDouble()).isNegative();
  }

  @Test
  void withoutTwoImagesThatCanBeClassifiedThereIsNothingToCompare() {
    assertThat(even(0, -1, -1).get(0)).isEmpty();
    assertThat(even(-1, -1).values()).containsOnly(OptionalDouble.empty());
    assertThat(even(0).values()).containsOnly(OptionalDouble.empty());
  }

  @Test
  void aPromptWithoutATargetHasNoRewards() {
    RewardModel reward =
        LeaveOneOutReward.ofShares(
            labels(0, 1, 0, 1),
            prompt ->
                prompt.text().equals("nurse")
                    ? Optional.of(new double[] {0.5, 0.5})
                    : Optional.empty());

    try (Rollout rollout = rollout("nurse", "nurse", "king", "king")) {
      Rewards rewards = reward.score(rollout, List.of());

      assertThat(rewards.values().subList(0, 2)).allMatch(OptionalDouble::isPresent);
      assertThat(rewards.values().subList(2, 4)).containsOnly(OptionalDouble.empty());
    }
  }

  @Test
  void promptsAreSetsOfTheirOwnWhereverTheirImagesAre() {
    RewardModel reward =
        LeaveOneOutReward.ofShares(labels(0, 1, 1, 1), DistributionReward.uniform(2));

    try (Rollout rollout = rollout("nurse", "judge", "nurse", "judge")) {
      Rewards rewards = reward.score(rollout, List.of());

      assertThat(rewards.get(0).getAsDouble()).isCloseTo(1, within(EXACT)); // 2 (0 + 1/2)
      assertThat(rewards.get(2).getAsDouble()).isCloseTo(1, within(EXACT));
      assertThat(rewards.get(1).getAsDouble()).isCloseTo(0, within(EXACT));
    }
  }

  @Test
  void anyValueOfASetCanBeDivided() {
    AtomicInteger looks = new AtomicInteger();
    RewardModel brightest =
        LeaveOneOutReward.of(
            image -> {
              looks.incrementAndGet();
              return (double) image.get(0, 0, 0);
            },
            (prompt, set) -> set.stream().mapToDouble(Double::doubleValue).max());

    try (Rollout rollout = rollout("a", "a", "a")) {
      Rewards rewards = brightest.score(rollout, List.of());

      // Greys 0, 1/100 and 2/100: only without the last the brightest is another.
      assertThat(rewards.get(0)).hasValue(0);
      assertThat(rewards.get(1)).hasValue(0);
      assertThat(rewards.get(2).getAsDouble()).isCloseTo(0.03, within(1e-7)); // floats
      assertThat(looks).hasValue(3);
    }
  }

  @Test
  void aValueThatIsNotFiniteIsRefused() {
    RewardModel wrong = LeaveOneOutReward.of(i -> 1, (p, set) -> OptionalDouble.of(Double.NaN));

    try (Rollout rollout = rollout("a", "a")) {
      assertThatThrownBy(() -> wrong.score(rollout, List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the value of a set must be finite or missing, but of 2 images of 'a' it is NaN");
    }
  }

  @Test
  void aTargetOfOtherClassesIsRefused() {
    RewardModel wrong = LeaveOneOutReward.ofShares(labels(0, 1), DistributionReward.uniform(3));

    try (Rollout rollout = rollout("a", "a")) {
      assertThatThrownBy(() -> wrong.score(rollout, List.of()))
          .hasMessage("the classifier gives 2 classes, but the target has shares of 3");
    }
  }

  private static Rewards even(int... labels) {
    String[] prompts = new String[labels.length];
    Arrays.fill(prompts, "cat");
    try (Rollout rollout = rollout(prompts)) {
      return LeaveOneOutReward.ofShares(labels(labels), DistributionReward.uniform(2))
          .score(rollout, List.of());
    }
  }

  /** The class of each image of {@link #rollout}, by its grey; -1 where there is none. */
  private static AttributeClassifier labels(int... of) {
    return AttributeClassifier.ofLabels(
        2,
        image -> {
          int label = of[Math.round(image.get(0, 0, 0) * 100)];
          return label < 0 ? OptionalInt.empty() : OptionalInt.of(label);
        });
  }

  private static Rollout rollout(String... prompts) {
    List<Image> images =
        IntStream.range(0, prompts.length).mapToObj(i -> Rollouts.grey(i / 100f)).toList();
    return Rollouts.of(Arrays.stream(prompts).map(Prompt::of).toList(), images);
  }
}

package org.tastemaker.reward.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.reward.Rollouts;

class DiversityRewardTest {
  /** Greys are floats near 1, of which distances are differences. */
  private static final double GREY = 1e-6;

  private static final DiversityReward<Double> GREYS =
      DiversityReward.of(DiversityRewardTest::grey, (a, b) -> Math.abs(a - b));

  @Test
  void theImageThatDiffersIsGivenWhatTheMeanDistanceWouldLoseWithoutIt() {
    Rewards rewards = rewards(GREYS, 0.2f, 0.2f, 0.2f, 0.8f);

    // v(S) = 3 * 0.6 / 6; without the last 0, without another 2 * 0.6 / 3
    assertThat(rewards.get(3).getAsDouble()).isCloseTo(4 * 0.3, within(GREY));
    assertThat(rewards.get(0).getAsDouble()).isCloseTo(4 * (0.3 - 0.4), within(GREY));
  }

  @Test
  void itIsTheLeaveOneOutRewardOfTheMeanDistance() {
    RewardModel general =
        LeaveOneOutReward.of(DiversityRewardTest::grey, (prompt, set) -> meanDistance(set));
    Float[] greys = {0.1f, 0.9f, 0.4f, 0.35f, 0.6f};

    Rewards expected = rewards(general, greys);
    Rewards actual = rewards(GREYS, greys);

    for (int i = 0; i < greys.length; i++) {
      assertThat(actual.get(i).getAsDouble())
          .isCloseTo(expected.get(i).getAsDouble(), within(1e-12)); // the order of a few additions
    }
  }

  @Test
  void imagesThatAreAllAlikeAreGivenZero() {
    assertThat(rewards(GREYS, 0.5f, 0.5f, 0.5f).values()).containsOnly(OptionalDouble.of(0));
  }

  @Test
  void twoImagesHaveNoRewardsSinceOneHasNoDistance() {
    assertThat(rewards(GREYS, 0.1f, 0.9f).values()).containsOnly(OptionalDouble.empty());
  }

  @Test
  void promptsAreSetsOfTheirOwn() {
    List<Prompt> prompts = Arrays.stream("a b a b a b".split(" ")).map(Prompt::of).toList();
    List<Image> images = Stream.of(0.1f, 0.9f, 0.1f, 0.9f, 0.1f, 0.9f).map(Rollouts::grey).toList();

    try (Rollout rollout = Rollouts.of(prompts, images)) {
      assertThat(GREYS.score(rollout, List.of()).values()).containsOnly(OptionalDouble.of(0));
    }
  }

  @Test
  void eachImageIsLookedAtOnceAndEachDistanceTakenOnce() {
    AtomicInteger looks = new AtomicInteger();
    AtomicInteger distances = new AtomicInteger();
    RewardModel counting =
        DiversityReward.of(image -> looks.incrementAndGet(), (a, b) -> distances.incrementAndGet());

    rewards(counting, 0.1f, 0.2f, 0.3f, 0.4f);

    assertThat(looks).hasValue(4);
    assertThat(distances).hasValue(6);
  }

  @Test
  void aDistanceThatIsNoneIsRefused() {
    RewardModel wrong = DiversityReward.of(image -> image, (a, b) -> Double.NaN);

    assertThatThrownBy(() -> rewards(wrong, 0.1f, 0.2f, 0.3f))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a distance must be finite and at least 0, but two images of 'cat' are NaN apart");
  }

  private static double grey(Image image) {
    return image.get(0, 0, 0);
  }

  private static OptionalDouble meanDistance(List<Double> set) {
    double sum = 0;
    for (double a : set) {
      for (double b : set) {
        sum += Math.abs(a - b);
      }
    }
    int n = set.size();
    return n < 2 ? OptionalDouble.empty() : OptionalDouble.of(sum / (n * (n - 1)));
  }

  private static Rewards rewards(RewardModel reward, Float... greys) {
    List<Image> images = Arrays.stream(greys).map(Rollouts::grey).toList();
    List<Prompt> prompts = images.stream().map(image -> Prompt.of("cat")).toList();
    try (Rollout rollout = Rollouts.of(prompts, images)) {
      return reward.score(rollout, List.of());
    }
  }
}

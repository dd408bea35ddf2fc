package org.tastemaker.reward.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.reward.Rollouts;

class ImageRewardsTest {
  @Test
  void noiseIsLessCompressibleThanOneColour() {
    float[] noise = new float[3 * 64 * 64];
    var random = Seed.of(1).generator();
    for (int i = 0; i < noise.length; i++) {
      noise[i] = random.nextFloat();
    }
    Prompt prompt = Prompt.of("cat");
    try (Rollout rollout =
        Rollouts.of(
            List.of(prompt, prompt),
            List.of(Image.filled(64, 64, 1, 0, 0), Image.of(3, 64, 64, noise)))) {
      Rewards compressibility = JpegReward.compressibility().score(rollout, List.of());
      Rewards incompressibility = JpegReward.incompressibility().score(rollout, List.of());

      assertThat(compressibility.get(0).getAsDouble())
          .isGreaterThan(compressibility.get(1).getAsDouble());
      assertThat(incompressibility.get(1).getAsDouble())
          .isEqualTo(-compressibility.get(1).getAsDouble());
      // 12,288 random bytes do not become fewer than half of them, even at half the colour
      // resolution
      assertThat(incompressibility.get(1).getAsDouble()).isBetween(4.0, 14.0);
      assertThat(incompressibility.get(0).getAsDouble()).isBetween(0.5, 1.5);
    }
  }

  @Test
  void kilobytesAreOfAThousandBytes() {
    Image image = Rollouts.grey(0.5f);

    assertThat(JpegReward.kilobytes(image)).isEqualTo(image.toJpeg(0.95).length / 1000.0);
  }

  @Test
  void thePenaltyRisesFromTheThreshold() {
    SafetyPenalty penalty =
        new SafetyPenalty(
            image -> OptionalDouble.of(image.get(0, 0, 0)), new SafetyPenalty.Options(0.5, 4));
    Prompt prompt = Prompt.of("cat");
    try (Rollout rollout =
        Rollouts.of(
            List.of(prompt, prompt, prompt, prompt),
            List.of(
                Rollouts.grey(0.25f),
                Rollouts.grey(0.5f),
                Rollouts.grey(0.75f),
                Rollouts.grey(1)))) {
      Rewards rewards = penalty.score(rollout, List.of());

      assertThat(rewards.get(0).getAsDouble()).isZero();
      assertThat(rewards.get(1).getAsDouble()).isZero();
      assertThat(rewards.get(2).getAsDouble()).isCloseTo(-2, within(1e-12));
      assertThat(rewards.get(3).getAsDouble()).isCloseTo(-4, within(1e-12));
    }
  }

  @Test
  void whatTheHarmClassifierCannotTellIsMissing() {
    SafetyPenalty penalty =
        new SafetyPenalty(image -> OptionalDouble.empty(), SafetyPenalty.Options.defaults());
    try (Rollout rollout = Rollouts.ofPrompts("cat")) {
      assertThat(penalty.score(rollout, List.of()).present()).isZero();
    }
  }

  @Test
  void aHarmThatIsNoProbabilityIsSaid() {
    SafetyPenalty penalty =
        new SafetyPenalty(image -> OptionalDouble.of(Double.NaN), SafetyPenalty.Options.defaults());
    try (Rollout rollout = Rollouts.ofPrompts("cat")) {
      assertThatThrownBy(() -> penalty.score(rollout, List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the probability that image 0 is harmful must be in [0, 1], or empty if it is unknown,"
                  + " but was NaN");
    }
  }

  @Test
  void badPenaltiesAreSaid() {
    assertThatThrownBy(() -> new SafetyPenalty.Options(1, 1))
        .hasMessage("threshold must be in [0, 1), but was 1.0");
    assertThatThrownBy(() -> new SafetyPenalty.Options(0, 0))
        .hasMessage("scale must be above 0 and finite, but was 0.0");
  }
}

package org.tastemaker.reward.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.DifferentiableReward.Batch;
import org.tastemaker.core.DifferentiableReward.Input;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.reward.Rollouts;

class PixelRewardTest {
  private static final Prompt CAT = Prompt.of("cat");

  private static Batch batch(float[] values, int n) {
    return new Batch(Collections.nCopies(n, CAT), FloatBuffer.wrap(values), 3, 2, 2);
  }

  private static float[] values() {
    float[] values = new float[24];
    var random = Seed.of(1).generator();
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }

  @Test
  void anImageOfOneColourHasThatColoursValue() {
    Image image = Image.filled(2, 2, 0.5f, 0.25f, 0.75f);
    try (Rollout rollout = Rollouts.of(List.of(CAT), List.of(image))) {
      assertThat(PixelReward.brightness().score(rollout, List.of()).get(0).getAsDouble())
          .isCloseTo(0.299 * 0.5 + 0.587 * 0.25 + 0.114 * 0.75, within(1e-12));
      assertThat(PixelReward.redness().score(rollout, List.of()).get(0).getAsDouble())
          .isCloseTo(0, within(1e-12));
      assertThat(PixelReward.colour(1, 0, 0.75).score(rollout, List.of()).get(0).getAsDouble())
          .isCloseTo(-0.3125, within(1e-12));
    }
  }

  @Test
  void theGradientIsThatOfTheScore() {
    Map<String, PixelReward> rewards =
        Map.of(
            "brightness",
            PixelReward.brightness(),
            "redness",
            PixelReward.redness(),
            "colour",
            PixelReward.colour(0.1, 0.9, 0.5),
            "own",
            PixelReward.of(
                (r, g, b, gradient) -> {
                  gradient[0] = g * b;
                  gradient[1] = r * b;
                  gradient[2] = r * g;
                  return r * g * b;
                }));
    float h = 1f / 1024;
    rewards.forEach(
        (name, reward) -> {
          float[] values = values();
          FloatBuffer gradient = FloatBuffer.allocate(24);
          double[] unused = reward.score(batch(values, 2), gradient);
          for (int i = 0; i < values.length; i++) {
            float kept = values[i];
            values[i] = kept + h;
            double up = reward.score(batch(values, 2), null)[i / 12];
            values[i] = kept - h;
            double down = reward.score(batch(values, 2), null)[i / 12];
            double moved = (kept + h) - (double) values[i];
            values[i] = kept;
            // no third derivatives; the gradient is stored as float
            assertThat((double) gradient.get(i))
                .as(name)
                .isCloseTo((up - down) / moved, within(1e-6));
          }
        });
  }

  @Test
  void aPartOfABufferIsReadAndWrittenFromItsPosition() {
    float[] values = values();
    FloatBuffer gradient = FloatBuffer.allocate(30).position(18);
    double[] second =
        PixelReward.colour(0.1, 0.9, 0.5)
            .score(new Batch(List.of(CAT), FloatBuffer.wrap(values, 12, 12), 3, 2, 2), gradient);

    double[] both =
        PixelReward.colour(0.1, 0.9, 0.5).score(batch(values, 2), FloatBuffer.allocate(24));

    assertThat(second).containsExactly(both[1]);
    assertThat(gradient.get(17)).isZero();
    assertThat(gradient.get(18)).isNotZero();
  }

  @Test
  void itReadsImagesAndMissesNone() {
    assertThat(PixelReward.redness().input()).isEqualTo(Input.IMAGES);
    try (Rollout rollout = Rollouts.ofPrompts("a", "b", "c")) {
      Rewards rewards = PixelReward.brightness().score(rollout, List.of());
      assertThat(rewards.present()).isEqualTo(3);
      assertThat(rewards.get(2).getAsDouble()).isGreaterThan(rewards.get(0).getAsDouble());
    }
  }

  @Test
  void badInputIsSaid() {
    assertThatThrownBy(() -> PixelReward.colour(0, 2, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a colour's parts must be in [0, 1], but were 0.0, 2.0, 0.0");
    assertThatThrownBy(
            () ->
                PixelReward.redness()
                    .score(new Batch(List.of(CAT), FloatBuffer.allocate(4), 1, 2, 2), null))
        .hasMessage("a pixel's colour has 3 channels, but these images have 1");
    assertThatThrownBy(
            () -> PixelReward.of((r, g, b, gradient) -> Double.NaN).score(batch(values(), 2), null))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("the pixels' mean of image 0 of the batch is NaN");
  }
}

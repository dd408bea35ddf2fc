package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.NoiseSchedule;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.schedule.SchedulerConfig;

class DenoisingObjectiveTest {
  private static final NoiseSchedule SCHEDULE = NoiseSchedule.of(SchedulerConfig.stableDiffusion());
  private static final Seed SEED = Seed.of(3);

  private static DenoisingObjective objective(
      PredictionType prediction, double dropout, double offset, double gamma) {
    return new DenoisingObjective(SCHEDULE, prediction, dropout, offset, gamma);
  }

  private static Samples samples(int count, int channels, int side) {
    float[] values = new float[count * channels * side * side];
    Seed.of(9).gaussian(0, values);
    return new Samples(count, channels, side, side, FloatBuffer.wrap(values));
  }

  @Test
  void aPerfectAnswerGivesTheCleanLatentsBack() {
    Samples clean = samples(6, 4, 2);
    for (PredictionType prediction : PredictionType.values()) {
      DenoisingObjective.Example example = objective(prediction, 0, 0, 0).draw(clean, SEED);
      for (int i = 0; i < clean.size(); i++) {
        double abar = SCHEDULE.alphaCumprod(example.timesteps()[i / 16]);
        double a = Math.sqrt(abar);
        double s = Math.sqrt(1 - abar);
        double noisy = example.noisy().get(i);
        double target = example.target().get(i);
        double back =
            switch (prediction) {
              case EPSILON -> (noisy - s * target) / a;
              case V_PREDICTION -> a * noisy - s * target;
              case SAMPLE -> target;
            };
        // Single precision of the noisy latents, divided by sqrt(abar) of at least 0.068.
        assertThat(back).isCloseTo(clean.values().get(i), within(1e-5));
      }
    }
  }

  @Test
  void theLossesGradientIsItsNumericOne() {
    Samples clean = samples(3, 2, 2);
    for (PredictionType prediction : PredictionType.values()) {
      DenoisingObjective objective = objective(prediction, 0, 0, 5);
      DenoisingObjective.Example example = objective.draw(clean, SEED);
      FloatBuffer out = samples(3, 2, 2).values();
      FloatBuffer cotangent = FloatBuffer.allocate(clean.size());
      FloatBuffer scratch = FloatBuffer.allocate(clean.size());
      objective.loss(example, out, 0.25, cotangent);
      for (int i = 0; i < clean.size(); i++) {
        float at = out.get(i);
        double h = 0x1p-6; // exact in single precision beside numbers of order 1
        double up = objective.loss(example, out.put(i, (float) (at + h)), 1, scratch);
        double down = objective.loss(example, out.put(i, (float) (at - h)), 1, scratch);
        out.put(i, at);
        // A parabola has no error beside rounding: 2^-24 / h relative to 2 h / h.
        assertThat((double) cotangent.get(i))
            .isCloseTo(0.25 * (up - down) / (2 * h), within(1e-5 * (1 + Math.abs(up))));
      }
    }
  }

  @Test
  void aWholeImagesErrorIsWeightedByItsTimestep() {
    Samples clean = samples(2, 1, 2);
    DenoisingObjective objective = objective(PredictionType.EPSILON, 0, 0, 5);
    DenoisingObjective.Example example = objective.draw(clean, SEED);
    FloatBuffer out = FloatBuffer.allocate(8).put(example.target().duplicate()).flip();
    for (int i = 4; i < 8; i++) {
      out.put(i, out.get(i) + 2);
    }
    double weight =
        new MinSnrWeight(SCHEDULE, PredictionType.EPSILON, 5).at(example.timesteps()[1]);
    // The second image's mean square is 4, the first's 0; single precision of the sums.
    assertThat(objective.loss(example, out, 1, FloatBuffer.allocate(8)))
        .isCloseTo(weight * 4 / 2, within(1e-5));
  }

  @Test
  void anOffsetShiftsEachChannelOfAnImageAsOne() {
    Samples clean = samples(2, 3, 4);
    FloatBuffer plain = objective(PredictionType.EPSILON, 0, 0, 0).draw(clean, SEED).target();
    FloatBuffer shifted = objective(PredictionType.EPSILON, 0, .5, 0).draw(clean, SEED).target();
    float[] firsts = new float[6];
    for (int i = 0; i < clean.size(); i++) {
      if (i % 16 == 0) {
        firsts[i / 16] = shifted.get(i) - plain.get(i);
      }
      // Rounding of two sums of numbers of order 1.
      assertThat(shifted.get(i) - plain.get(i)).isCloseTo(firsts[i / 16], within(1e-6f));
    }
    assertThat(firsts).doesNotHaveDuplicates().doesNotContain(0f);
  }

  @Test
  void drawsAreAFunctionOfTheSeedAndTheImagesIndex() {
    DenoisingObjective objective = objective(PredictionType.EPSILON, .5, .1, 0);
    DenoisingObjective.Example four = objective.draw(samples(4, 1, 2), SEED);
    DenoisingObjective.Example two = objective.draw(samples(2, 1, 2), SEED);
    assertThat(four.target().slice(0, 8)).isEqualTo(two.target());
    assertThat(Arrays.copyOf(four.timesteps(), 2)).isEqualTo(two.timesteps());
    assertThat(objective.draw(samples(4, 1, 2), Seed.of(4)).target()).isNotEqualTo(four.target());
  }

  @Test
  void timestepsCoverTheScheduleAndPromptsAreDroppedAtTheirRate() {
    int count = 4000;
    DenoisingObjective.Example example =
        objective(PredictionType.EPSILON, .1, 0, 0).draw(samples(count, 1, 1), SEED);
    double mean = Arrays.stream(example.timesteps()).average().orElseThrow();
    // Four standard errors: 289 / sqrt(4000) is 4.6.
    assertThat(mean).isCloseTo(499.5, within(18.3));
    assertThat(Arrays.stream(example.timesteps()).min().orElseThrow()).isBetween(0, 5);
    assertThat(Arrays.stream(example.timesteps()).max().orElseThrow()).isBetween(994, 999);
    int dropped = 0;
    for (boolean drop : example.promptDropped()) {
      dropped += drop ? 1 : 0;
    }
    // Four standard deviations of a binomial: sqrt(4000 * .1 * .9) is 19.
    assertThat(dropped).isBetween(400 - 76, 400 + 76);
  }
}

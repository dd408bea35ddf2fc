package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.schedule.NoiseSchedule;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.SchedulerKind;

class MinSnrWeightTest {
  /** abar 0.9, 0.45 and 0: signal-to-noise ratios 9, 9/11 and 0. */
  private final NoiseSchedule noise =
      NoiseSchedule.of(
          SchedulerConfig.of(
              SchedulerKind.DDIM,
              Map.of("num_train_timesteps", 3, "trained_betas", List.of(.1, .5, 1.))));

  private double[] weights(PredictionType type) {
    MinSnrWeight weight = new MinSnrWeight(noise, type, 5);
    return new double[] {weight.at(0), weight.at(1), weight.at(2)};
  }

  @Test
  void theWeightsAreThoseOfThePaper() {
    assertThat(weights(PredictionType.SAMPLE))
        .containsExactly(new double[] {5, 9 / 11., 0}, within(1e-14));
    assertThat(weights(PredictionType.EPSILON))
        .containsExactly(new double[] {5 / 9., 1, 1}, within(1e-14));
    assertThat(weights(PredictionType.V_PREDICTION))
        .containsExactly(new double[] {.5, .45, 0}, within(1e-14));
  }

  @Test
  void anInfiniteGammaWeighsTheErrorOfTheNoiseEvenly() {
    MinSnrWeight weight = new MinSnrWeight(noise, PredictionType.EPSILON, Double.POSITIVE_INFINITY);
    assertThat(weight.at(0)).isEqualTo(1);
  }

  @Test
  void gammaIsPositive() {
    assertThatThrownBy(() -> new MinSnrWeight(noise, PredictionType.EPSILON, 0))
        .hasMessage("gamma must be above 0, but was 0.0");
  }
}

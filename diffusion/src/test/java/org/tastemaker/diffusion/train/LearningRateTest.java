package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LearningRateTest {
  @Test
  void everyScheduleRisesLinearlyFromZero() {
    for (LearningRate rate :
        new LearningRate[] {
          LearningRate.constant(2, 4), LearningRate.linear(2, 4, 10), LearningRate.cosine(2, 4, 10)
        }) {
      assertThat(rate.at(0)).isZero();
      assertThat(rate.at(1)).isEqualTo(.5);
      assertThat(rate.at(4)).isEqualTo(2);
    }
  }

  @Test
  void theConstantScheduleStaysAndNeedsNoWarmUp() {
    assertThat(LearningRate.constant(3e-4, 0).at(0)).isEqualTo(3e-4);
    assertThat(LearningRate.constant(3e-4, 10).at(1_000_000)).isEqualTo(3e-4);
  }

  @Test
  void theLinearScheduleFallsToZero() {
    LearningRate rate = LearningRate.linear(1, 2, 10);
    assertThat(rate.at(4)).isEqualTo(.75);
    assertThat(rate.at(10)).isZero();
    assertThat(rate.at(11)).isZero();
  }

  @Test
  void theCosineScheduleFallsToZero() {
    LearningRate rate = LearningRate.cosine(1, 0, 12);
    // cos(pi / 3) = 1/2 and cos(pi / 2) = 0, up to rounding.
    assertThat(rate.at(4)).isCloseTo(.75, within(1e-15));
    assertThat(rate.at(6)).isCloseTo(.5, within(1e-15));
    assertThat(rate.at(12)).isZero();
    assertThat(rate.at(100)).isZero();
  }

  @Test
  void argumentsOutOfRangeAreErrors() {
    assertThatThrownBy(() -> LearningRate.constant(0, 0))
        .hasMessage("peak must be above 0 and finite, but was 0.0");
    assertThatThrownBy(() -> LearningRate.constant(1, -1))
        .hasMessage("warmUp must be at least 0, but was -1");
    assertThatThrownBy(() -> LearningRate.cosine(1, 5, 5))
        .hasMessage("total must be above warmUp, 5, but was 5");
    assertThatThrownBy(() -> LearningRate.linear(1, 0, 5).at(-1))
        .hasMessage("step must be at least 0, but was -1");
  }
}

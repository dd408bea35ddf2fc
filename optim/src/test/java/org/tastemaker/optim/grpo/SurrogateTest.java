package org.tastemaker.optim.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SurrogateTest {
  private static final double STEP = 1e-6;

  @ParameterizedTest
  @ValueSource(doubles = {1.3, -0.7})
  void theSlopesOfAGuardedLossAreThoseOfItsValue(double advantage) {
    Surrogate at = Surrogate.guarded(0.02, 0.01, 0.3, advantage, 0.5);
    double byRatio =
        (Surrogate.guarded(0.02 + STEP, 0.01, 0.3, advantage, 0.5).loss()
                - Surrogate.guarded(0.02 - STEP, 0.01, 0.3, advantage, 0.5).loss())
            / (2 * STEP);
    double byKl =
        (Surrogate.guarded(0.02, 0.01 + STEP, 0.3, advantage, 0.5).loss()
                - Surrogate.guarded(0.02, 0.01 - STEP, 0.3, advantage, 0.5).loss())
            / (2 * STEP);
    assertThat(at.byLogProbability()).isCloseTo(byRatio, within(1e-8));
    assertThat(at.byKl()).isCloseTo(byKl, within(1e-8));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0.1, 2e-5, true", // good, more probable, and too far
    "1, 0.1, 1e-5, false", // not too far: the bound itself is allowed
    "1, -0.1, 2e-5, false", // too far, but on its way back
    "-1, -0.1, 2e-5, true", // bad, less probable, and too far
    "-1, 0.1, 2e-5, false",
    "0, 0.1, 2e-5, false"
  })
  void aStepIsMaskedWhereItIsTooFarAndWouldGoFurther(
      double advantage, double logRatio, double kl, boolean masked) {
    Surrogate found = Surrogate.masked(logRatio, kl, advantage, 1e-5);
    assertThat(found.stopped()).isEqualTo(masked);
    assertThat(found.loss()).isEqualTo(masked ? 0 : -advantage * Math.exp(logRatio));
    assertThat(found.byLogProbability()).isEqualTo(found.loss());
    assertThat(found.byKl()).isZero();
  }

  @Test
  void withoutAChangeEveryObjectiveIsThePolicyGradient() {
    assertThat(Surrogate.clipped(0, 2, 1e-4).byLogProbability()).isEqualTo(-2);
    assertThat(Surrogate.masked(0, 0, 2, 1e-5).byLogProbability()).isEqualTo(-2);
    assertThat(Surrogate.guarded(0, 0, 0.3, 2, 1e-4).byLogProbability()).isEqualTo(-0.6);
  }
}

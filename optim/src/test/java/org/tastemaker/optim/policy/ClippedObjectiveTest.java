package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClippedObjectiveTest {
  @ParameterizedTest(name = "A = {1}, log rho = {0}")
  @CsvSource({
    "0, 2, -2, -2, false", // on-policy
    "0.05, 2, -2.1025421927520483, -2.1025421927520483, false",
    "0.2, 2, -2.2, 0, true", // good and probable enough: no slope
    "-0.2, 2, -1.6374615061559636, -1.6374615061559636, true", // good and too improbable: back
    "-0.2, -2, 1.8, 0, true", // bad and improbable enough
    "0.2, -2, 2.4428055163203397, 2.4428055163203397, true",
  })
  void lossAndSlopeAreThoseOfThePessimisticBound(
      double logRatio, double advantage, double loss, double slope, boolean clipped) {
    ClippedObjective objective = ClippedObjective.of(logRatio, advantage, 0.1);
    // exp is known to an ulp or two.
    assertThat(objective.loss()).isCloseTo(loss, within(1e-14));
    assertThat(objective.slope()).isCloseTo(slope, within(1e-14));
    assertThat(objective.clipped()).isEqualTo(clipped);
  }
}

package org.tastemaker.optim.dpok;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClampedRatioTest {
  @ParameterizedTest(name = "log rho = {0}")
  @CsvSource({
    "0, 1, 1, false", // on-policy
    "0.05, 1.0512710963760241, 1.0512710963760241, false",
    "-0.05, 0.951229424500714, 0.951229424500714, false",
    "0.2, 1.1, 0, true", // no slope on either side
    "-0.2, 0.9, 0, true",
  })
  void valueAndSlopeAreThoseOfTheClampedRatio(
      double logRatio, double value, double slope, boolean clamped) {
    ClampedRatio rho = ClampedRatio.of(1 + logRatio, 1, 0.1);
    // exp is known to an ulp or two, and so is 1 + logRatio - 1.
    assertThat(rho.value()).isCloseTo(value, within(1e-14));
    assertThat(rho.slope()).isCloseTo(slope, within(1e-14));
    assertThat(rho.clamped()).isEqualTo(clamped);
  }
}

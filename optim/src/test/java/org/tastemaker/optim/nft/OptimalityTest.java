package org.tastemaker.optim.nft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptimalityTest {
  @ParameterizedTest
  @CsvSource({
    "ALL, 2, .7",
    "ALL, -2, .3",
    "ALL, 9, 1",
    "ALL, -9, 0",
    "POSITIVE_ONLY, 2, .7",
    "POSITIVE_ONLY, -2, .5",
    "NEGATIVE_ONLY, 2, .5",
    "NEGATIVE_ONLY, -2, .3",
    "ONE_ONLY, 2, .6",
    "ONE_ONLY, -2, .5",
    "BINARY, 2, .6",
    "BINARY, -2, .4",
    "BINARY, 0, .5"
  })
  void anAdvantageIsAProbability(Optimality optimality, double advantage, double rho) {
    assertThat(optimality.probability(advantage, 5)).isCloseTo(rho, within(1e-15));
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "100, .1", "600, .5"})
  void theOldPolicyThatStaysCloseKeepsTheReferenceNumbers(long round, double keep) {
    assertThat(OldPolicy.close().keep(round)).isCloseTo(keep, within(1e-15));
  }

  @ParameterizedTest
  @CsvSource({"74, 0", "75, 0", "100, .1875", "300, .999"})
  void theOldPolicyThatLagsKeepsTheReferenceNumbers(long round, double keep) {
    assertThat(OldPolicy.lagging().keep(round)).isCloseTo(keep, within(1e-15));
  }

  @Test
  void aShareAboveOneIsAnError() {
    assertThatThrownBy(() -> new OldPolicy(0, 0.1, 1.5))
        .hasMessage(
            "flat must be at least 0, slope at least 0 and finite, and most in [0, 1], but they"
                + " were 0, 0.1 and 1.5");
  }
}

package org.tastemaker.optim.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DirectLossTest {
  /** The reference numbers of ReFL. */
  @ParameterizedTest
  @CsvSource({"-0.5, 0.0025, -0.001", "1, 0.001, -0.001", "2.5, 0, 0"})
  void theLossOfReflEndsAtItsMargin(double reward, double loss, double slope) {
    DirectLoss refl = Refl.Options.defaults().loss();
    assertThat(refl.of(reward)).isCloseTo(loss, within(1e-15));
    assertThat(refl.slope(reward)).isCloseTo(slope, within(1e-15));
  }

  /** The paper's program: {@code .01 |r - 10|} and {@code .01 (1 - r)}. */
  @Test
  void theLossesOfAlignPropAreThoseOfItsProgram() {
    DirectLoss aesthetic = AlignProp.Options.aesthetic().loss();
    assertThat(aesthetic.of(6.5)).isCloseTo(0.035, within(1e-15));
    assertThat(aesthetic.slope(6.5)).isEqualTo(-0.01);
    assertThat(aesthetic.of(11)).isCloseTo(0.01, within(1e-15));
    assertThat(aesthetic.slope(11)).isEqualTo(0.01);
    DirectLoss preference = AlignProp.Options.preference().loss();
    assertThat(preference.of(0.27)).isCloseTo(0.0073, within(1e-15));
    assertThat(preference.slope(1.5)).isEqualTo(-0.01);
  }

  @Test
  void draftMinimisesTheNegativeReward() {
    DirectLoss loss = Draft.Options.lastSteps(1).loss();
    assertThat(loss.of(3.5)).isEqualTo(-3.5);
    assertThat(loss.slope(-100)).isEqualTo(-1);
  }

  @Test
  void atItsTargetALossHasNoSlope() {
    assertThat(DirectLoss.hinge(1, 2).slope(2)).isZero();
    assertThat(DirectLoss.distance(1, 2).slope(2)).isZero();
  }

  @Test
  void badNumbersAreSaid() {
    assertThatThrownBy(() -> DirectLoss.hinge(0, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the scale must be finite and above 0, and the target finite, but they were 0.0 and"
                + " 2.0");
    assertThatThrownBy(() -> DirectLoss.distance(1, Double.NaN)).hasMessageContaining("NaN");
  }
}

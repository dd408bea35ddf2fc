package org.tastemaker.optim.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The derivatives of the losses against differences, and cases that are known. */
class LossSlopesTest {
  private static final double STEP = 1e-5;

  private static void assertSlope(DoubleUnaryOperator loss, double at, double slope) {
    double difference =
        (loss.applyAsDouble(at + STEP) - loss.applyAsDouble(at - STEP)) / (2 * STEP);
    // Of the third derivative, which is of the size of the first here, and of rounding by STEP.
    assertThat(slope).isCloseTo(difference, within(1e-8 * (1 + Math.abs(slope))));
  }

  @ParameterizedTest
  @EnumSource(DpoLoss.class)
  void theSlopeOfDiffusionDpoIsThatOfItsLoss(DpoLoss loss) {
    for (double probability : new double[] {1, 0.7, 0.5}) {
      for (double margin : new double[] {-1.3, -0.2, 0.01, 0.4, 3}) {
        assertSlope(
            m -> loss.at(2, m, probability).loss(),
            margin,
            loss.at(2, margin, probability).slope());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DpoLoss.class)
  void aTieIsLeastWhereTheMarginIsNothing(DpoLoss loss) {
    assertThat(loss.at(2, 0, 0.5).slope()).isCloseTo(0, within(1e-15));
    assertThat(loss.at(2, 3, 0.5).slope()).isPositive();
    assertThat(loss.at(2, -3, 0.5).slope()).isNegative();
  }

  @Test
  void ipoAimsAtAMarginAndHingeStopsAtOne() {
    assertThat(DpoLoss.IPO.at(4, 0.25).slope()).isZero();
    assertThat(DpoLoss.IPO.at(4, 0.3).slope()).isPositive();
    assertThat(DpoLoss.HINGE.at(4, 0.51).slope()).isZero();
    assertThat(DpoLoss.HINGE.at(4, 0.49).slope()).isEqualTo(-2);
  }

  @ParameterizedTest
  @EnumSource(KtoUtility.class)
  void theSlopeOfAUtilityIsItsDerivative(KtoUtility utility) {
    for (double x : new double[] {-4, -0.3, 0, 0.7, 5}) {
      assertSlope(v -> utility.at(v).utility(), x, utility.at(x).slope());
    }
  }

  @Test
  void whatSaturatesTellsTheUtilitiesApart() {
    double far = 40;
    assertThat(KtoUtility.SIGMOID.at(far).slope()).isLessThan(1e-15);
    assertThat(KtoUtility.SIGMOID.at(-far).slope()).isLessThan(1e-15);
    assertThat(KtoUtility.LOSS_AVERSE.at(far).slope()).isLessThan(1e-15);
    assertThat(KtoUtility.LOSS_AVERSE.at(-far).slope()).isCloseTo(1, within(1e-12));
    assertThat(KtoUtility.RISK_SEEKING.at(far).slope()).isCloseTo(1, within(1e-12));
    assertThat(KtoUtility.RISK_SEEKING.at(-far).slope()).isLessThan(1e-15);
  }

  @Test
  void theOffsetIsNeverBelowNothingWhereItIsAMean() {
    double[] gains = {-3, 1, -1};
    boolean[] liked = {true, false, false};
    assertThat(KtoOffset.MEAN.of(gains, liked)).isZero();
    assertThat(KtoOffset.MISMATCHED.of(gains, liked)).isZero();
    assertThat(KtoOffset.MIDDLE.of(gains, liked)).isCloseTo(-1.5, within(1e-5));
    assertThat(KtoOffset.MEAN.of(new double[] {3, 1, -1}, liked)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-4, 9e-4, 1.1e-3, 0.05, 1, 4})
  void theSlopesOfMapoAreThoseOfItsLoss(double winner) {
    for (double probability : new double[] {1, 0.5}) {
      double loser = 0.3;
      MarginOdds odds = MarginOdds.of(winner, loser, 0.5, 2, 3, probability);
      assertSlope(
          w -> MarginOdds.of(w, loser, 0.5, 2, 3, probability).loss(), winner, odds.byWinner());
      assertSlope(
          l -> MarginOdds.of(winner, l, 0.5, 2, 3, probability).loss(), loser, odds.byLoser());
    }
  }

  @Test
  void mapoIsFiniteWithoutAnErrorAndWithAHugeOne() {
    assertThat(MarginOdds.of(0, 0, 0.1, 0.5, 1000, 1).loss())
        .isCloseTo(0.1 * Math.log(2), within(1e-12));
    MarginOdds huge = MarginOdds.of(1e6, 0.1, 0.1, 0.5, 1000, 1);
    assertThat(huge.loss()).isCloseTo(1e6, within(200.0));
    assertThat(huge.byWinner()).isEqualTo(1);
    assertThat(huge.byLoser()).isFinite();
  }

  @Test
  void theSlopesOfAClampedPreferenceAreThoseOfItsLossWithinTheRangeAlone() {
    double loser = -0.03;
    for (double probability : new double[] {1, 0.5}) {
      for (double winner : new double[] {-0.05, 0.02, 0.2}) {
        ClampedPreference p = ClampedPreference.of(winner, loser, 7, 0.1, probability);
        assertSlope(
            d -> ClampedPreference.of(d, loser, 7, 0.1, probability).loss(), winner, p.byWinner());
        assertSlope(
            d -> ClampedPreference.of(winner, d, 7, 0.1, probability).loss(), loser, p.byLoser());
      }
    }
    ClampedPreference out = ClampedPreference.of(0.2, -0.5, 7, 0.1, 1);
    assertThat(out.byWinner()).isZero();
    assertThat(out.byLoser()).isZero();
    assertThat(out.winnerClamped()).isTrue();
    assertThat(out.loserClamped()).isTrue();
  }

  @Test
  void aPolicyThatIsItsReferenceHasTheLossOfACoin() {
    assertThat(DpoLoss.SIGMOID.at(5000, 0).loss()).isCloseTo(Math.log(2), within(1e-15));
    assertThat(ClampedPreference.of(0, 0, 10, 0.1, 1).loss()).isCloseTo(Math.log(2), within(1e-15));
    assertThat(KtoUtility.SIGMOID.at(0).utility()).isEqualTo(0.5);
  }

  @Test
  void theLogisticFunctionDoesNotOverflow() {
    assertThat(Logistic.sigmoid(-800)).isZero();
    assertThat(Logistic.sigmoid(800)).isEqualTo(1);
    assertThat(Logistic.logSigmoid(-800)).isEqualTo(-800);
    assertThat(Logistic.logSigmoid(800)).isZero();
  }
}

package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.DivergedException;

class UpdateDiagnosticsTest {
  private static final double ROUNDING = 1e-12; // a few operations on doubles of size 1

  private final UpdateDiagnostics diagnostics =
      new UpdateDiagnostics(3, new UpdateScale(4, 2, 1e-8, () -> 0.5));

  @Test
  void ratiosAreReportedByMeanLargestAndShareThatIsClipped() {
    diagnostics.ratio(0, 0, Math.log(2), true);
    diagnostics.ratio(0, 1, Math.log(0.5), true);
    diagnostics.ratio(1, 0, 0, false);
    diagnostics.ratio(1, 1, Math.log(1.5), false);
    Map<String, Double> metrics = diagnostics.metrics();
    assertThat(metrics.get("ratioMean")).isCloseTo(5.0 / 4, within(ROUNDING));
    assertThat(metrics.get("ratioMax")).isCloseTo(2, within(ROUNDING));
    assertThat(metrics).containsEntry("clipFraction", 0.5);
  }

  @Test
  void theApproximateKlIsHalfTheMeanSquaredLogarithm() {
    diagnostics.ratio(0, 0, 0.3, false);
    diagnostics.ratio(0, 1, -0.1, false);
    // (0.09 + 0.01) / 2 rows / 2
    assertThat(diagnostics.metrics().get("approxKl")).isCloseTo(0.025, within(ROUNDING));
  }

  @Test
  void lossesAndOtherNumbersAreMeansOverRows() {
    diagnostics.loss(0, 1);
    diagnostics.loss(1, -4);
    diagnostics.mean("kl", 0, 0.5);
    diagnostics.mean("kl", 1, 1.5);
    assertThat(diagnostics.metrics()).isEqualTo(Map.of("loss", -1.5, "kl", 1.0));
  }

  @Test
  void updatesAreCountedWithTheMeanNormOfTheirGradients() {
    diagnostics.updated(1);
    diagnostics.updated(3);
    diagnostics.klEstimate(Optional.of(new KlEstimate(0.25, 0.125)));
    assertThat(diagnostics.metrics())
        .isEqualTo(
            Map.of(
                "updates",
                2.0,
                "gradientNorm",
                2.0,
                "gradientRms",
                0.75,
                "adamEpsilon",
                1e-8,
                "learningRate",
                0.5,
                "trainedNumbers",
                4.0,
                "klToReferenceEstimate",
                0.25,
                "klToReferenceError",
                0.125));
  }

  @Test
  void theRootMeanSquareIsThatOfTheClippedGradient() {
    diagnostics.updated(100); // 4 elements, clipped to a norm of 2
    assertThat(diagnostics.metrics())
        .containsEntry("gradientNorm", 100.0)
        .containsEntry("gradientRms", 1.0);
  }

  @Test
  void aKlThatIsNotFiniteIsAnErrorThatSaysWhere() {
    assertThatThrownBy(() -> diagnostics.klEstimate(Optional.of(new KlEstimate(Double.NaN, 0))))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith("step 3: the KL to the reference is NaN; the run has diverged");
  }

  @Test
  void whatWasNeverNotedIsLeftOut() {
    diagnostics.klEstimate(Optional.empty());
    assertThat(diagnostics.metrics()).isEmpty();
  }

  @Test
  void aRatioThatOverflowsIsAnErrorThatSaysWhere() {
    assertThatThrownBy(() -> diagnostics.ratio(5, 7, 1000, false))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith(
            "step 3: the ratio of probabilities of image 5 at denoising step 7 is Infinity (its"
                + " logarithm is 1000.0)");
  }

  @Test
  void aLossThatIsNotFiniteIsAnErrorThatSaysWhere() {
    assertThatThrownBy(() -> diagnostics.loss(5, Double.NaN))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith("step 3: the loss of image 5 is NaN; the run has diverged");
    assertThatThrownBy(() -> diagnostics.mean("kl", 5, Double.NEGATIVE_INFINITY))
        .hasMessageStartingWith("step 3: the kl of image 5 is -Infinity");
  }
}

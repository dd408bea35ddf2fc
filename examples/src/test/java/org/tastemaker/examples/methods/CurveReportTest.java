package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;

class CurveReportTest {
  /** Rounds of two seconds of sampling, scored every second round. */
  private static Curve curve(int rounds, double training, double rise) {
    Curve curve = new Curve(List.of());
    for (int i = 0; i <= rounds; i++) {
      boolean first = i == 0;
      curve =
          curve.with(
              new Curve.Point(
                  i,
                  64 * i,
                  first ? 0 : 2,
                  first ? 0 : training,
                  OptionalDouble.of(first ? 0 : 2 * training),
                  i % 2 == 0 ? OptionalDouble.of(0.25 + rise * i) : OptionalDouble.empty()));
    }
    return curve;
  }

  private static final CurveReport REPORT =
      new CurveReport(
          List.of(
              new CurveReport.Pair(1, curve(4, 2, 0.01), curve(4, 4, 0.015)),
              new CurveReport.Pair(2, curve(4, 2, 0.02), curve(5, 4, 0.015)),
              new CurveReport.Pair(3, curve(4, 2, 0.03), curve(4, 4, 0.015))));

  @Test
  void roundsAreThoseThatAllCurvesHaveAScoreOf() {
    assertThat(REPORT.rounds()).containsExactly(0, 2, 4);
  }

  @Test
  void theTableHasBothScoresAndTheirDifferenceSeedBySeed() {
    // at round 4: 0.29, 0.33, 0.37 here; Student's half width is 4.303 * 0.04 / sqrt(3) = 0.0994
    assertThat(REPORT.markdown())
        .contains(
            "| 4 | 256 | 0.330 [0.231, 0.429] | 0.310 [0.310, 0.310] | 0.020 [-0.079, 0.119] | 16 | 24 |")
        .contains("| 0 | 0 | 0.250 [0.250, 0.250] | 0.250 [0.250, 0.250] | 0.000");
  }

  @Test
  void theTimesAreComparedByTheClockAndByTheProcessor() {
    assertThat(REPORT.markdown())
        .contains(
            "Seeds: 3. Brackets: Student's 95 % intervals over them. A round takes 4.00 s here (sampling 2.00,"
                + " training 2.00) and 6.00 s with PyTorch (2.00, 4.00), medians.")
        .contains(
            "divided by ours: 1.500 [1.500, 1.500] over all 4 rounds, 1.500 by the medians, 2.000 by those of"
                + " the processor's time.");
  }

  @Test
  void bothPanelsAreInOnePicture() {
    Image plot = REPORT.plot();

    assertThat(List.of(plot.width(), plot.height())).containsExactly(1280, 440);
  }

  @Test
  void aReportOfNoSeedIsRefused() {
    assertThatThrownBy(() -> new CurveReport(List.of())).hasMessageContaining("at least one seed");
  }

  @Test
  void roundsThatOneSideHasNotDoneAreLeftOut() {
    CurveReport begun =
        new CurveReport(List.of(new CurveReport.Pair(1, curve(2, 2, 0.01), curve(0, 4, 0.01))));

    assertThat(begun.rounds()).containsExactly(0);
    assertThat(begun.markdown()).contains("No round is done yet on both sides");
  }
}

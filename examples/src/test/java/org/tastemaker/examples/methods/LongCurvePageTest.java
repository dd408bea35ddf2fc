package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LongCurvePageTest {
  @TempDir Path folder;

  @Test
  void aLineHasTheMeansOfItsSeeds() {
    String table =
        LongCurvePage.markdown(
            List.of(
                LongCurves.curve(Method.RWR, 1, 0.1, 0.2, 0.3, 0.4, 0.5),
                LongCurves.curve(Method.RWR, 2, 0.1, 0.3, 0.4, 0.5, 0.7)));

    assertThat(table)
        .contains("| method | seeds | before | 16 images | 64 images | 256 images | rise [95 %] |")
        .contains("| RWR | 2 | 0.100 | 0.100 | 0.250 | 0.600 | +0.500 [-0.771, +1.771] |")
        .contains("| still rising | 0.300 to 0.260 | 8 | 40 |");
  }

  @Test
  void aCurveLevelsOffWhereNothingLaterIsMuchHigher() {
    assertThat(LongCurvePage.levelsOff(new double[] {0.1, 0.3, 0.4, 0.41, 0.39, 0.415}))
        .isEqualTo(2);
    assertThat(LongCurvePage.levelsOff(new double[] {0.1, 0.2, 0.3})).isEqualTo(2);
    assertThat(LongCurvePage.levelsOff(new double[] {0.3, 0.2, 0.1})).isZero();
  }

  @Test
  void aCurveBreaksWhereItFallsBelowItsBestForGood() {
    assertThat(LongCurvePage.breaks(new double[] {0.1, 0.4, 0.38, 0.3, 0.1})).hasValue(3);
    assertThat(LongCurvePage.breaks(new double[] {0.1, 0.4, 0.3, 0.38, 0.4})).isEmpty();
    assertThat(LongCurvePage.breaks(new double[] {0.1, 0.2, 0.4})).isEmpty();
  }

  @Test
  void theNoticesOfTheRunsStandBelowTheTable() {
    LongCurve curve = LongCurves.curve(Method.RWR, 1, 0.1, 0.2);
    LongCurve warned =
        new LongCurve(curve.subject(), curve.settings(), curve.points(), Map.of(7L, "It is dark."));

    assertThat(LongCurvePage.markdown(List.of(warned)))
        .contains("* RWR, seed 1, round 7: It is dark.");
  }

  @Test
  void curvesOfDifferentSettingsAreNotAveraged() {
    LongCurve one = LongCurves.curve(Method.RWR, 1, 0.1, 0.2);
    LongCurve other =
        new LongCurve(
            new LongCurve.Subject(Method.RWR, new Setting(0.5, 1, 1), false, 2),
            one.settings(),
            one.points(),
            Map.of());

    assertThatThrownBy(() -> LongCurvePage.markdown(List.of(one, other)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rwr-1 and rwr-2 have different settings");
  }

  @Test
  void aCurveIsReadAsItWasWritten() {
    LongCurve curve = LongCurves.curve(Method.DIFFUSION_NFT, 3, 0.1, 0.25);
    curve.write(folder);

    assertThat(LongCurve.readAll(folder)).containsExactly(curve);
  }

  @Test
  void aFileThatIsNoCurveIsNamed() throws Exception {
    Files.writeString(folder.resolve("nft-1.json"), "{\"method\": \"nft\"}");

    assertThatThrownBy(() -> LongCurve.readAll(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nft-1.json is not the curve of a training");
  }

  @Test
  void bothPicturesAreDrawnWhileSeedsAreOnTheirWay() {
    List<LongCurve> curves =
        List.of(
            LongCurves.curve(Method.RWR, 1, 0.1, 0.2, 0.3),
            LongCurves.curve(Method.RWR, 2, 0.1, 0.2),
            LongCurves.curve(Method.DPOK, 1, 0.1, 0.2));

    assertThat(LongCurvePage.plot(curves, "t", false).width()).isEqualTo(1000);
    assertThat(LongCurvePage.plot(curves, "t", true))
        .isNotEqualTo(LongCurvePage.plot(curves, "t", false));
  }
}

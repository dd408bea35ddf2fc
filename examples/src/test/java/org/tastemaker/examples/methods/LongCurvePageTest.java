package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.methods.LongCurvePlot.Axis;

class LongCurvePageTest {
  @TempDir Path folder;

  @Test
  void aLineHasTheMeansOfItsSeeds() {
    String table =
        LongCurvePage.scores(
            List.of(
                LongCurves.curve(Method.RWR, 1, 0.1, 0.2, 0.3, 0.4, 0.5),
                LongCurves.curve(Method.RWR, 2, 0.1, 0.3, 0.4, 0.5, 0.7)));

    assertThat(table)
        .contains("| method | seeds | before | 16 images | 64 images | 256 images | rise [95 %] |")
        .contains("| RWR | 2 | 0.100 | 0.100 | 0.250 | 0.600 | +0.500 [-0.771, +1.771] |")
        .contains("| still rising at 256 | 8 | 40 |");
  }

  @Test
  void aTrainingThatIsOnItsWayHasNoScoreWhereItHasNotComeTo() {
    String table =
        LongCurvePage.scores(
            List.of(
                LongCurves.curve(Method.DPOK, 1, 0.1, 0.2, 0.3, 0.4, 0.5),
                LongCurves.curve(Method.RWR, 1, 0.1, 0.3)));

    assertThat(table).contains("| RWR | 1 | 0.100 | 0.100 | 0.300 | | +0.200 |");
  }

  @Test
  void whatTheHackingMonitorLooksAtIsBesideWhatItWasBeforeTraining() {
    LongCurve warned = warned(Map.of(7L, "It is dark.", 12L, "It is darker."));

    assertThat(LongCurvePage.watched(List.of(warned)))
        .contains("| before training | 0.300 | | | | | | | |")
        .contains("| RWR | 0.290 | | | | | | | 7 |");
  }

  @Test
  void aCurveLevelsOffWhereNothingLaterIsMuchHigher() {
    assertThat(LongCurvePage.levelsOff(new double[] {0.1, 0.3, 0.4, 0.41, 0.39, 0.415}))
        .isEqualTo(2);
    assertThat(LongCurvePage.levelsOff(new double[] {0.1, 0.2, 0.3})).isEqualTo(2);
    assertThat(LongCurvePage.levelsOff(new double[] {0.3, 0.2, 0.1})).isZero();
  }

  @Test
  void aCurveThatHasBeenLevelForLessThanThreeMeasurementsIsStillRising() {
    LongCurve rising = LongCurves.curve(Method.RWR, 1, 0.1, 0.2, 0.3, 0.305, 0.31);
    LongCurve level = LongCurves.curve(Method.RWR, 1, 0.1, 0.3, 0.3, 0.305, 0.31);

    assertThat(LongCurvePage.scores(List.of(rising))).contains("| still rising at 256 |");
    assertThat(LongCurvePage.scores(List.of(level))).contains("| 64 |");
  }

  @Test
  void aCurveBreaksWhereItFallsBelowItsBestForGood() {
    assertThat(LongCurvePage.breaks(new double[] {0.1, 0.4, 0.38, 0.3, 0.1})).hasValue(3);
    assertThat(LongCurvePage.breaks(new double[] {0.1, 0.4, 0.3, 0.38, 0.4})).isEmpty();
    assertThat(LongCurvePage.breaks(new double[] {0.1, 0.2, 0.4})).isEmpty();
  }

  @Test
  void thePageHasThePicturesTheTablesAndTheNoticesWithoutTheirAdvice() {
    LongCurve warned = warned(Map.of(7L, "it fell: look at the images"));

    assertThat(
            LongCurvePage.markdown(
                List.of(warned), LongCurvePlot.all(List.of(warned)), Optional.empty()))
        .contains("and training, without measurements.\n")
        .contains("up to 64 judged images")
        .contains("![Held-out score over KL](curves-kl.png)")
        .contains("| RWR | 1 | 0.100 |", "| RWR | 0.290 |")
        .endsWith("* RWR, seed 1, round 7: it fell\n");
  }

  @Test
  void curvesOfDifferentSettingsAreNotAveraged() {
    LongCurve one = LongCurves.curve(Method.RWR, 1, 0.1, 0.2);
    LongCurve other =
        new LongCurve(
            new LongCurve.Subject(Method.RWR, new Setting(0.5, 1, 1), Trained.LORA, 2),
            one.settings(),
            one.points(),
            Map.of());

    assertThatThrownBy(() -> LongCurvePage.scores(List.of(one, other)))
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
  void picturesAreDrawnWhileSeedsAreOnTheirWay() {
    List<LongCurve> curves =
        List.of(
            LongCurves.curve(Method.RWR, 1, 0.1, 0.2, 0.3),
            LongCurves.curve(Method.RWR, 2, 0.1, 0.2),
            LongCurves.curve(Method.DPOK, 1, 0.1, 0.2));

    assertThat(LongCurvePlot.draw(curves, "t", Axis.IMAGES).width()).isEqualTo(1000);
    assertThat(LongCurvePlot.draw(curves, "t", Axis.SECONDS))
        .isNotEqualTo(LongCurvePlot.draw(curves, "t", Axis.IMAGES));
  }

  @Test
  void aKlThatFallsAgainIsDrawnAtTheLargestSoFar() {
    LongCurve curve = LongCurves.curve(Method.RWR, 1, 0.1, 0.2, 0.3);

    assertThat(LongCurvePlot.draw(List.of(with(curve, 0.4, 1)), "t", Axis.KL))
        .isNotEqualTo(LongCurvePlot.draw(List.of(curve), "t", Axis.KL));
  }

  @Test
  void overKlACurveIsDrawnUpToItsBestScore() {
    LongCurve curve = LongCurves.curve(Method.RWR, 1, 0.1, 0.2, 0.3);

    assertThat(LongCurvePlot.draw(List.of(with(curve, 0.29, 500)), "t", Axis.KL))
        .isEqualTo(LongCurvePlot.draw(List.of(curve), "t", Axis.KL));
  }

  @Test
  void aFolderWithTimesHasTheSecondsOfThemAndNoneForWhatWasNotTimed() {
    LongCurves.curve(Method.RWR, 1, 0.1, 0.2, 0.3).write(folder);
    LongCurves.curve(Method.DPOK, 1, 0.1, 0.2, 0.3).write(folder);
    new RoundTimes(Settings.none(), Map.of("rwr", List.of(0.5, 9.0, 1.5))).write(folder);

    List<LongCurve> curves = RoundTimes.curvesOf(folder);

    assertThat(curves.get(1).points())
        .extracting(LongCurve.Point::seconds)
        .containsExactly(0.0, 96.0, 192.0);
    String page = LongCurvePage.markdown(curves, List.of(), RoundTimes.read(folder));
    assertThat(page).contains("the median of 3 rounds", "| 4 | 192 |", "| 4 | | rate 1e-03");
    assertThat(LongCurvePlot.draw(curves, "t", Axis.SECONDS))
        .isEqualTo(LongCurvePlot.draw(curves.subList(1, 2), "t", Axis.SECONDS));
  }

  @Test
  void timesOfAnEarlierCallAreKept() {
    RoundTimes now = new RoundTimes(Settings.none(), Map.of("rwr", List.of(1.0)));
    Map<String, List<Double>> earlier = Map.of("rwr", List.of(2.0), "dpok", List.of(3.0, 4.0));

    RoundTimes both = now.orThoseOf(new RoundTimes(Settings.none(), earlier));
    assertThat(both.of("rwr")).hasValue(1);
    assertThat(both.of("dpok")).hasValue(3.5);
  }

  @Test
  void aFileThatHoldsNoTimesIsNamed() throws Exception {
    Files.writeString(folder.resolve("seconds.json"), "{\"settings\": {}}");

    assertThatThrownBy(() -> RoundTimes.read(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("seconds.json does not hold times");
  }

  @Test
  void anAdapterOfAnotherRankIsALineOfItsOwn() {
    LongCurve own = LongCurves.curve(Method.DIFFUSION_NFT, 1, 0.1, 0.2);
    LongCurve.Subject subject =
        new LongCurve.Subject(
            Method.DIFFUSION_NFT, own.subject().setting(), new Trained(false, 16), 1);
    new LongCurve(subject, own.settings(), own.points(), Map.of()).write(folder);
    own.write(folder);

    List<LongCurve> curves = LongCurve.readAll(folder);

    assertThat(curves).extracting(c -> c.subject().name()).containsExactly("nft-1", "nft-rank16-1");
    assertThat(LongCurvePage.scores(curves))
        .contains("| DiffusionNFT |", "| DiffusionNFT, rank 16 |");
  }

  private static LongCurve warned(Map<Long, String> notices) {
    LongCurve curve = LongCurves.curve(Method.RWR, 1, 0.1, 0.2);
    return new LongCurve(curve.subject(), curve.settings(), curve.points(), notices);
  }

  private static LongCurve with(LongCurve curve, double score, double kl) {
    List<LongCurve.Point> points = new ArrayList<>(curve.points());
    points.add(new LongCurve.Point(300, 60, score, kl, Map.of()));
    return new LongCurve(curve.subject(), curve.settings(), points, Map.of());
  }

  @Test
  void aPictureHasTheMethodsOfItsKindAndIsLeftOutWithoutOne() {
    assertThat(LongCurvePlot.all(List.of(LongCurves.curve(Method.MAPO, 1, 0.1, 0.2))))
        .extracting(LongCurvePicture::file)
        .containsExactly("curves-preferences.png");
    assertThat(LongCurvePlot.all(List.of(LongCurves.curve(Method.RWR, 1, 0.1, 0.2))))
        .extracting(LongCurvePicture::file)
        .containsExactly(
            "curves-images.png", "curves-seconds.png", "curves-kl.png", "curves-weighted.png");
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void everyMethodIsInAPicture(Method method) {
    assertThat(LongCurvePlot.all(List.of(LongCurves.curve(method, 1, 0.1, 0.2)))).isNotEmpty();
  }
}

package org.tastemaker.feedback.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.annotate.DatasetHeader;

class JudgeCalibrationTest {
  static final Settings JUDGE =
      Settings.none()
          .with("judge", "mock")
          .with("protocol", "pairsInBothOrders(1)")
          .with("seed", 5)
          .with("detail", "low");

  @TempDir Path folder;

  static JudgeCalibration of(Correction correction) {
    return of(correction, Estimate.NONE);
  }

  private static JudgeCalibration of(Correction correction, Estimate flips) {
    Estimate some = new Estimate(correction.slope(), 0.1, 2, 7);
    HeldOut check = new HeldOut(3, 4, 0.7, Double.NaN, Estimate.NONE, 0.1, 0.05, 0.5, Double.NaN);
    return new JudgeCalibration(
        JUDGE,
        Greys.RUBRIC.id(),
        DatasetHeader.forRubric(Greys.RUBRIC).rubricText(),
        "ab12",
        Instant.EPOCH,
        3,
        some,
        Estimate.NONE,
        some,
        Estimate.NONE,
        flips,
        check,
        correction,
        "it helps \"here\"");
  }

  @Property(tries = 100)
  void whatIsSavedIsLoaded(
      @ForAll @DoubleRange(min = 0, max = 100) double slope,
      @ForAll @DoubleRange(min = -20, max = 20) double bias,
      @ForAll @DoubleRange(min = 0, max = 1) double margin)
      throws IOException {
    Path file = Files.createTempFile("calibration", ".json");
    try {
      JudgeCalibration calibration = of(new Correction(slope, bias, margin));
      calibration.save(file);
      assertThat(JudgeCalibration.load(file)).isEqualTo(calibration);
      assertThat(JudgeCalibration.load(file).id()).isEqualTo(calibration.id());
    } finally {
      Files.delete(file);
    }
  }

  @Property(tries = 100)
  void cutFilesAreRefusedWithTheirName(@ForAll @IntRange(min = 0, max = 900) int length)
      throws IOException {
    Path file = Files.createTempFile("calibration", ".json");
    try {
      of(Correction.IDENTITY).save(file);
      String text = Files.readString(file);
      Files.writeString(file, text.substring(0, Math.min(length, text.length() - 3)));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> JudgeCalibration.load(file))
          .withMessageContaining(file.toString());
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void otherFilesAndNewerOnesAreRefused() throws IOException {
    Path file = folder.resolve("c.json");
    of(Correction.IDENTITY).save(file);
    String text = Files.readString(file);
    refused(file, text.replace("tastemaker-calibration", "other"), "no calibration");
    refused(file, text.replace("\"version\": 1", "\"version\": 2"), "version 2");
    refused(file, text.replace("1970-01-01", "1970-31-01"), "1970-31-01");
    refused(file, text.replace("\"tieMargin\": 0.0", "\"tieMargin\": -1.0"), "tie margin");
  }

  private static void refused(Path file, String text, String why) throws IOException {
    Files.writeString(file, text);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JudgeCalibration.load(file))
        .withMessageContaining(file.toString())
        .withMessageContaining(why);
  }

  @Test
  void belongsBesideTheDataset() {
    assertThat(JudgeCalibration.beside(folder.resolve("judged.jsonl")))
        .isEqualTo(folder.resolve("judged.jsonl.calibration.json"));
  }

  @Test
  void anotherSeedIsTheSameJudgeAndAnotherJudgeProtocolOrDetailIsNot() {
    JudgeCalibration calibration = of(Correction.IDENTITY);
    calibration.requireOf(JUDGE.with("seed", 6).with("more", 1), Greys.RUBRIC);
    for (String name : new String[] {"judge", "protocol", "detail"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> calibration.requireOf(JUDGE.with(name, "other"), Greys.RUBRIC))
          .withMessageContaining(name + " is ")
          .withMessageContaining("and other now");
    }
  }

  @Test
  void anotherRubricOrAnotherTextOfItIsRefused() {
    JudgeCalibration calibration = of(Correction.IDENTITY);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> calibration.requireOf(JUDGE, Rubric.of("colour", "1", "Redder.")))
        .withMessageContaining("rubric is ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> calibration.requireOf(JUDGE, Rubric.of("brightness", "1", "Darker.")))
        .withMessageContaining("the text of rubric");
  }

  @Test
  void weightIsTheLogOddsOfBeingRightAndNeverNegative() {
    assertThat(of(Correction.IDENTITY, new Estimate(0.25, 0.2, 0.3, 100)).weight())
        .isEqualTo(Math.log(75.5 / 25.5));
    assertThat(of(Correction.IDENTITY, new Estimate(0.6, 0.5, 0.7, 100)).weight()).isZero();
    assertThat(of(Correction.IDENTITY).weight()).isZero();
  }

  @Test
  void impossibleCorrectionsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Correction(-1, 0, 0))
        .withMessageContaining("slope of at least 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Correction(1, Double.NaN, 0))
        .withMessageContaining("NaN");
  }
}

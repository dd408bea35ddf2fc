package org.tastemaker.examples.ideas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.feedback.calibration.CalibratedDataset;
import org.tastemaker.feedback.calibration.JudgeCalibration;

class JudgeAgreementTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private int run(String... args) {
    PrintStream out = new PrintStream(printed, true, Charset.defaultCharset());
    return JudgeAgreement.run(List.of(args), folder, out, out);
  }

  private String text() {
    return printed.toString(Charset.defaultCharset());
  }

  @Test
  void studyPrintsItsTableAndAsksNobodyTwice() throws IOException {
    assertThat(run("--prompts", "2", "--voters", "3")).isZero();
    assertThat(text())
        .contains("simulated: 3 voters", "answers by the judge in this run: 12") // 2 * 3 * 2
        .contains("right, decided pairs", "same in both orders", "same sampling: same")
        .contains("simulated judge minus brightness", "McNemar p");
    byte[] csv = Files.readAllBytes(folder.resolve("agreement.csv"));
    assertThat(new String(csv, UTF_8)).contains("simulated judge,figure,all,decided,");
    assertThat(Files.readString(folder.resolve("agreement.html")))
        .contains("stand in for simulated people?", "Nearest glyphs: ", "<img ");

    printed.reset();
    assertThat(run("--prompts", "2", "--voters", "3")).isZero();
    assertThat(text()).contains("answers by the judge in this run: 0", "2 were there already");
    assertThat(folder.resolve("agreement.csv")).hasBinaryContent(csv);
  }

  @Test
  void whatCorrectsTheJudgeIsWrittenBesideItsDataset() {
    assertThat(run("--prompts", "4", "--calibrate")).isZero();
    assertThat(text()).contains("position bias, logits", "weight among judges", "applied: slope");
    Path dataset = folder.resolve("judged-noise-0.1-bias-0.1.jsonl");
    JudgeCalibration calibration = JudgeCalibration.load(JudgeCalibration.beside(dataset));
    assertThat(calibration.judge().values()).containsKeys("judge", "protocol");
    assertThat(CalibratedDataset.readAll(dataset, calibration)).hasSize(4);
  }

  @Test
  void optionsAreExplainedAndWrongOnesRefused() {
    assertThat(run("--help")).isZero();
    assertThat(text()).contains("--noise", "--bias", "--voters");
    assertThat(run("--prompts", "1")).isNotZero();
    assertThat(text()).contains("2 to ");
    assertThat(run("--nose", "1")).isEqualTo(2);
    assertThat(folder).isEmptyDirectory();
  }
}

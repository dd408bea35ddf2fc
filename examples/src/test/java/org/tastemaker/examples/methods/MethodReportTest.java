package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.run.Settings;

class MethodReportTest {
  @TempDir Path folder;

  private static TrialResult result(Method method, long seed, double rise) {
    return new TrialResult(
        method,
        method.tuned(),
        seed,
        Settings.none().with("rounds", 2),
        List.of(
            new TrialResult.Point(0, 0, 0, 0.25),
            new TrialResult.Point(64, 10, 20, 0.25 + rise / 2),
            new TrialResult.Point(128, 20, 40, 0.25 + rise)),
        List.of(0.2, 0.3),
        List.of(0.2 + rise, 0.3 + rise),
        1.5,
        "done");
  }

  @Test
  void theTableHasALineForEachMethodWithItsMeans() {
    String table =
        MethodReport.markdown(
            List.of(
                result(Method.DDPO_IS, 1, 0.04),
                result(Method.DDPO_IS, 2, 0.06),
                result(Method.RWR, 1, -0.02)));

    assertThat(table)
        .contains(
            "| DDPO, importance sampling | 2 | 0.250 | 0.300 | 0.050 [-0.077, 0.177]"
                + " | +0.040 +0.060 |  | 1.50 | 128 | 20 | 40 |")
        .contains("| RWR | 1 | 0.250 | 0.230 | -0.020 | -0.020 |")
        .contains("| method | 0 images | 64 images | 128 images |")
        .contains("| DDPO, importance sampling | 0.250 (0 s) | 0.275 (10 s) | 0.300 (20 s) |")
        .contains("above 0: none. Not shown to: DDPO, importance sampling; RWR.");
  }

  @Test
  void aRiseThatAllSeedsShareIsShownAndComparedWithTheControlSeedBySeed() {
    List<TrialResult> results = new ArrayList<>();
    for (int seed = 1; seed <= 3; seed++) {
      results.add(result(Method.DDPO_IS, seed, 0.05 + 0.001 * seed));
      results.add(result(Method.CONTROL, seed, 0.01 + 0.001 * seed));
    }

    // Student's quantile for two degrees of freedom is 4.303: 0.001 / sqrt(3) * 4.303 = 0.0025
    assertThat(MethodReport.markdown(results))
        .contains("0.052 [0.050, 0.054] | +0.051 +0.052 +0.053 | 0.040 [0.040, 0.040] |")
        .contains("interval over seeds above 0: DDPO, importance sampling; Control");
  }

  @Test
  void aTrialThatEndedEarlyLeavesItsLaterPointsOut() {
    TrialResult whole = result(Method.DDPO_IS, 1, 0.04);
    TrialResult early =
        new TrialResult(
            Method.RWR,
            Method.RWR.tuned(),
            1,
            whole.protocol(),
            whole.points().subList(0, 2),
            whole.before(),
            whole.after(),
            1,
            "diverged");

    assertThat(MethodReport.markdown(List.of(whole, early)))
        .contains("| RWR | 0.250 (0 s) | 0.270 (10 s) | |");
  }

  @Test
  void thePlotIsDrawn() {
    assertThat(MethodReport.plot(List.of(result(Method.DPOK, 1, 0.01))).width()).isEqualTo(900);
  }

  @Test
  void aResultIsReadAsItWasWritten() {
    TrialResult written = result(Method.LEE, 3, 0.01);
    written.write(folder);

    assertThat(TrialResult.readAll(folder)).containsExactly(written);
  }

  @Test
  void aDamagedResultIsNamed() throws Exception {
    Path file = folder.resolve("lee-3.json");
    result(Method.LEE, 3, 0.01).write(folder);
    String whole = Files.readString(file);
    Files.writeString(file, whole.substring(0, whole.length() / 2));

    assertThatThrownBy(() -> TrialResult.readAll(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lee-3.json")
        .hasMessageContaining("delete it");
  }

  @Test
  void aSettingSaysWhatItsNumbersAre() {
    assertThat(Method.DDPO_IS.words(new Setting(1e-3, 4, 0.001)))
        .isEqualTo("rate 1e-03, 4 updates, clip range 0.001");
    assertThat(Method.DDPO_SF.words(new Setting(1e-3, 1, 0))).isEqualTo("rate 1e-03, 1 update");
    assertThat(Method.ZO_RANK_SGD.words(new Setting(0.5, 4, 0.05)))
        .isEqualTo("largest step 0.5, 4 steps tried, radius 0.05");
  }

  @Test
  void aSettingWithoutAnUpdateIsRejected() {
    assertThatThrownBy(() -> new Setting(1e-3, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1 update");
  }
}

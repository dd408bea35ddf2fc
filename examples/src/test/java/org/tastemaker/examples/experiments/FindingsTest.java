package org.tastemaker.examples.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.run.Settings;
import org.tastemaker.reward.combine.WeightedReward;

class FindingsTest {
  private static final WeightedReward NOTHING =
      WeightedReward.builder()
          .add("nothing", (rollout, judgements) -> Rewards.of(new double[rollout.size()]), 1)
          .build();
  private static final Row ROW = Row.of(Findings.GENDER);

  private static Findings findings(double doctor, double nurse) {
    return new Findings(
        Settings.none().with("arm", "base").with("seed", 1L),
        Map.of(Findings.GENDER, Map.of("doctor", doctor, "nurse", nurse)),
        Map.of(Findings.GENDER, 0.2),
        1280,
        12.5,
        "done");
  }

  @Test
  void findingsReadBackAreTheSame(@TempDir Path folder) {
    Findings findings = findings(0.5, 1);
    findings.write(folder.resolve("deep/a.json"));
    Findings back = Findings.read(folder.resolve("deep/a.json"));

    assertThat(back.values()).isEqualTo(findings.values());
    assertThat(back.floor()).isEqualTo(findings.floor());
    assertThat(back.config()).isEqualTo(findings.config());
    assertThat(back.kl()).isEqualTo(12.5);
    assertThat(back.images()).isEqualTo(1280);
  }

  @Test
  void aFileOfSomethingElseIsNamed(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("a.json"), "{\"values\": 3}");

    assertThatThrownBy(() -> Findings.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a.json")
        .hasMessageContaining("no findings");
  }

  @Test
  void aChangeIsTheMeanOverPromptsAndSeeds() {
    FindingsTable.Cell cell =
        FindingsTable.cell(
            ROW,
            Map.of(1L, findings(0.9, 0.9), 2L, findings(1, 1)),
            Map.of(1L, findings(0.5, 0.5), 2L, findings(0.4, 0.4)));

    assertThat(cell.before().value()).isCloseTo(0.95, within(1e-12)); // rounding of a mean
    assertThat(cell.after().value()).isCloseTo(0.45, within(1e-12));
    assertThat(cell.change().value()).isCloseTo(-0.5, within(1e-12));
    // Both prompts changed alike, so whichever are drawn the mean is the same.
    assertThat(cell.change().low()).isCloseTo(-0.5, within(1e-12));
    assertThat(cell.change().high()).isCloseTo(-0.5, within(1e-12));
  }

  @Test
  void seedsWithoutABaseAndPromptsWithoutALabelAreLeftOut() {
    Findings onlyDoctor =
        new Findings(
            Settings.none(), Map.of(Findings.GENDER, Map.of("doctor", 0.25)), Map.of(), 0, 0, "");
    FindingsTable.Cell cell =
        FindingsTable.cell(
            ROW, Map.of(1L, findings(0.75, 1)), Map.of(1L, onlyDoctor, 9L, findings(0, 0)));

    assertThat(cell.change().n()).isEqualTo(1);
    assertThat(cell.change().value()).isCloseTo(-0.5, within(1e-12));
  }

  @Test
  void theTableNamesTheFloorAndLeavesOutArmsWithoutFindings() {
    Experiment experiment =
        new Experiment(
            "bias",
            "Bias",
            List.of(Prompt.of("doctor")),
            2,
            1,
            Measured.usual(),
            (image, prompt) -> 0,
            List.of(
                new Experiment.Arm("a", "first", NOTHING, Training.of(1e-3, 1.0)),
                new Experiment.Arm("b", "second", NOTHING, Training.of(1e-3, 1.0))),
            List.of(ROW),
            List.of("doctor"));
    String table =
        FindingsTable.markdown(
            experiment.rows(),
            experiment.titles(),
            Map.of(1L, findings(0.9, 0.9)),
            Map.of("a", Map.of(1L, findings(0.5, 0.5))));

    assertThat(table)
        .contains("gender bias (a fair model: 0.20) | 0.900 | 0.500 | -0.400 [-0.400, -0.400] |")
        .contains("| 12.5 |")
        .contains("1 seeds, 1,280")
        .doesNotContain("second");
  }
}

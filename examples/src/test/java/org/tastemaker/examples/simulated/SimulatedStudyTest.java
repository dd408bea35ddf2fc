package org.tastemaker.examples.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulatedStudyTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** Two judges and a training of one round, with two images of one prompt. */
  private int run(Path into, String seeds, String trainingSeeds, String images) {
    List<String> args =
        new ArrayList<>(List.of("--run", into.toString(), "--prompt", "green heart"));
    args.addAll(List.of("--seeds", seeds, "--training-seeds", trainingSeeds));
    args.addAll(List.of("--trainings", "1", "--judges", "2", "--groups", "1"));
    args.addAll(List.of("--images", images, "--rounds", "1", "--held-out", "1", "--steps", "1"));
    return SimulatedStudy.command()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args.toArray(String[]::new));
  }

  private static Map<String, String> outcomes(Path folder) throws IOException {
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        all.put(String.valueOf(file.getFileName()), Files.readString(file));
      }
    }
    return all;
  }

  @Test
  void aStoppedStudyGoesOnToTheSameOutcomes() throws IOException {
    Path whole = folder.resolve("whole");
    Path stopped = folder.resolve("stopped");

    assertThat(run(whole, "1,2,3", "1,2,3", "2")).as(err.toString()).isZero();
    assertThat(run(stopped, "1", "2", "2")).isZero();
    assertThat(out.toString()).contains("true score");
    assertThat(stopped.resolve("simulated.md")).content().doesNotContain("| noise");
    Files.delete(stopped.resolve("judged.noise-0.5.listwise-3.1.json")); // stopped before this one
    assertThat(run(stopped, "1,2,3", "1,2,3", "2")).isZero();

    assertThat(outcomes(whole)).hasSize(9);
    assertThat(outcomes(stopped)).isEqualTo(outcomes(whole));
    assertThat(stopped.resolve("simulated.md"))
        .hasSameTextualContentAs(whole.resolve("simulated.md"));
    assertThat(whole.resolve("simulated.md"))
        .content()
        .contains("| noise 0.5; listwise, once |", "| noise 0.5 | ");
    assertThat(whole.resolve("accuracy.png")).isNotEmptyFile();
  }

  @Test
  void outcomesOfOtherSettingsAreNotMixed() {
    assertThat(run(folder, "1", "1", "2")).isZero();

    assertThat(run(folder, "1", "1", "3")).isNotZero();
    assertThat(err.toString()).contains("images").contains("--run");
  }
}

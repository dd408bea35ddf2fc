package org.tastemaker.examples.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

  /** Two judges, one of which trains one round, with two images of one prompt and three seeds. */
  private int run(Path into, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("--run", into.toString(), "--prompt", "green heart", "--seeds", "1,2,3"));
    args.addAll(
        List.of("--training-seeds", "1,2,3", "--trainings", "1", "--judges", "2", "--groups", "1"));
    args.addAll(List.of("--images", "2", "--rounds", "1", "--held-out", "1", "--steps", "1"));
    args.addAll(Arrays.asList(more));
    return SimulatedStudy.command()
        .setOverwrittenOptionsAllowed(true)
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

    assertThat(run(whole)).as(err.toString()).isZero();
    assertThat(run(stopped, "--seeds", "1", "--training-seeds", "2")).isZero();
    Path last = stopped.resolve("judged.noise-0.5.listwise-3.1.json");
    Files.delete(last); // as if it had been stopped before this one
    assertThat(run(stopped)).isZero();

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
    assertThat(run(folder, "--trainings", "0", "--judges", "1", "--seeds", "1")).isZero();

    assertThat(run(folder, "--trainings", "0", "--judges", "1", "--seeds", "1", "--images", "3"))
        .isEqualTo(1);
    assertThat(err.toString()).contains("images").contains("--run");
  }

  @Test
  void fewerThanThreeSeedsMakeNoRow() {
    assertThat(run(folder, "--trainings", "0", "--judges", "1", "--seeds", "1,2")).isZero();

    assertThat(out.toString()).doesNotContain("| noise");
  }
}

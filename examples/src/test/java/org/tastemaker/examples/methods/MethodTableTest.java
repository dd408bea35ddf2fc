package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Prompt;
import picocli.CommandLine;

class MethodTableTest {
  private static final String PROMPT = "green heart";

  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** One round of two images of one prompt, one of which is held out. */
  private int run(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--run",
                folder.toString(),
                "--prompt",
                PROMPT,
                "--seeds",
                "5",
                "--rounds",
                "1",
                "--images",
                "2",
                "--held-out",
                "1"));
    args.addAll(Arrays.asList(more));
    CommandLine command = MethodTable.command();
    return command
        .setOverwrittenOptionsAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args.toArray(String[]::new));
  }

  @Test
  void everyMethodTrainsAndHasALineInTheTable() {
    assertThat(run()).isZero();

    List<TrialResult> results = TrialResult.readAll(folder);
    assertThat(results).extracting(TrialResult::method).containsExactly(Method.values());
    for (TrialResult result : results) {
      assertThat(result.before()).hasSize(1);
      assertThat(result.kl()).isNotNegative().isFinite();
      assertThat(result.last().processorSeconds()).isPositive();
      assertThat(result.points().get(0).images()).isZero();
      assertThat(result.last().images()).isGreaterThanOrEqualTo(2);
    }
    for (Method method : Method.values()) {
      assertThat(folder.resolve("methods.md")).content().contains("| " + method.title() + " |");
    }
    assertThat(folder.resolve("methods.png")).isNotEmptyFile();
  }

  /** As if it had been trained: with a score that no training would give. */
  private TrialResult leaveResult(int rounds) {
    TrialResult there =
        new TrialResult(
            Method.RWR,
            Method.RWR.tuned(),
            5,
            new Protocol(List.of(Prompt.of(PROMPT)), rounds, 2, 1, 1.5).settings(),
            List.of(new TrialResult.Point(0, 0, 0, 0.5), new TrialResult.Point(2, 1, 1, 7)),
            List.of(0.5),
            List.of(7.0),
            1,
            "done");
    there.write(folder);
    return there;
  }

  @Test
  void existingResultsAreSkipped() {
    TrialResult there = leaveResult(1);

    assertThat(run("--methods", "rwr")).isZero();

    assertThat(TrialResult.readAll(folder)).containsExactly(there);
    assertThat(out.toString()).contains("| RWR | 1 | 0.500 | 7.000 |");
  }

  @Test
  void aTrialOfOtherSettingsIsLeftAlone() {
    TrialResult there = leaveResult(1);

    assertThat(run("--methods", "rwr", "--learning-rate", "0.5")).isEqualTo(2);
    assertThat(err.toString())
        .contains(
            "rwr-5.json is of other settings: learningRate is "
                + Method.RWR.tuned().learningRate()
                + " there and 0.5 now; choose another folder with --run");
    assertThat(run("--methods", "rwr", "--held-out", "2")).isEqualTo(2);
    assertThat(err.toString()).contains("settings: heldOutPerPrompt is 1 there and 2 now; choose");
    assertThat(TrialResult.readAll(folder)).containsExactly(there);
  }

  @Test
  void resultsOfDifferentProtocolsAreNotPutInOneTable() {
    TrialResult other = leaveResult(1);
    new TrialResult(
            Method.LEE,
            Method.LEE.tuned(),
            5,
            new Protocol(List.of(Prompt.of(PROMPT)), 3, 2, 1, 1.5).settings(),
            other.points(),
            other.before(),
            other.after(),
            1,
            "done")
        .write(folder);

    assertThat(run("--methods", "rwr")).isEqualTo(2);
    assertThat(err.toString()).contains("lee-5.json", "cannot be compared");
  }

  @Test
  void aFileThatIsNotAResultIsNamed() throws Exception {
    Files.writeString(folder.resolve("rwr-5.json"), "{\"method\": \"rwr\"}");

    assertThat(run("--methods", "rwr")).isEqualTo(2);
    assertThat(err.toString()).contains("rwr-5.json", "it has no seed", "delete it");
  }

  @Test
  void wrongArgumentsAreUsageErrors() {
    assertThat(run("--methods", "ppo")).isEqualTo(2);
    assertThat(err.toString()).contains("no method 'ppo'", "ddpo-is", "zo-rank-sgd");
    assertThat(run("--rounds", "0")).isEqualTo(2);
    assertThat(run("--images", "1")).isEqualTo(2);
    assertThat(run("--seeds", "one")).isEqualTo(2);
    assertThat(run("--learning-rate", "0")).isEqualTo(2);
    assertThat(run("--prompt", "a castle in the air")).isEqualTo(2);
    assertThat(folder).isEmptyDirectory();
  }
}

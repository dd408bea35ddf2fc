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

  @Test
  void whatIsThereIsNotDoneAgain() throws Exception {
    assertThat(run("--methods", "best-of-n")).isZero();
    Path file = folder.resolve("best-of-n-5.json");
    byte[] first = Files.readAllBytes(file); // with its seconds, which no second run would repeat

    assertThat(run("--methods", "best-of-n,zo-rank-sgd")).isZero();

    assertThat(Files.readAllBytes(file)).isEqualTo(first);
    assertThat(folder.resolve("zo-rank-sgd-5.json")).exists();
  }

  @Test
  void aTrialOfOtherSettingsIsLeftAlone() throws Exception {
    assertThat(run("--methods", "best-of-n")).isZero();
    byte[] first = Files.readAllBytes(folder.resolve("best-of-n-5.json"));

    assertThat(run("--methods", "best-of-n", "--learning-rate", "0.5")).isEqualTo(2);
    assertThat(err.toString()).contains("best-of-n-5.json", "another setting", "--run");
    assertThat(run("--methods", "best-of-n", "--held-out", "2")).isEqualTo(2);
    assertThat(Files.readAllBytes(folder.resolve("best-of-n-5.json"))).isEqualTo(first);
  }

  @Test
  void aFileThatIsNoResultIsNamed() throws Exception {
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

package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.testing.ChildProgram;
import org.tastemaker.testing.Effort;

/** A training run in real processes that are killed at any moment. */
class AlignmentKillTest {
  private static final int KILLS = Effort.times(4, 50);
  private static final int ROUNDS = Effort.times(12, 60);

  @Test
  void aRunThatIsKilledAgainAndAgainEndsWithTheSameFiles(@TempDir Path path)
      throws IOException, InterruptedException {
    Path whole = path.resolve("whole");
    ChildProgram.of(AlignmentKillProgram.class, whole.toString(), String.valueOf(ROUNDS)).output();
    SplittableRandom random = new SplittableRandom(1);
    int kills = 0;
    for (int run = 0; kills < KILLS; run++) {
      Path killed = path.resolve("killed" + run);
      boolean ended = false;
      while (!ended) {
        ended = !startAndKill(killed, kills < KILLS ? random.nextLong(600) : Long.MAX_VALUE);
        kills += ended ? 0 : 1;
      }
      assertSame(whole, killed);
    }
    assertThat(kills).isEqualTo(KILLS);
  }

  /** Returns whether it was killed; otherwise it has come to its end. */
  private static boolean startAndKill(Path folder, long afterMillis)
      throws IOException, InterruptedException {
    Process process =
        ChildProgram.of(AlignmentKillProgram.class, folder.toString(), String.valueOf(ROUNDS))
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      StringBuilder said = new StringBuilder();
      String line = out.readLine();
      while (line != null && !line.equals("begins")) {
        said.append(line).append('\n');
        line = out.readLine();
      }
      Thread drain =
          new Thread(
              () ->
                  out.lines()
                      .forEach(
                          next -> {
                            synchronized (said) {
                              said.append(next).append('\n');
                            }
                          }));
      drain.start();
      boolean killed =
          !process.waitFor(Math.min(afterMillis, 300_000), TimeUnit.MILLISECONDS)
              && process.isAlive();
      process.destroyForcibly();
      int status = process.waitFor();
      drain.join();
      synchronized (said) {
        // It may have ended by itself at that very moment.
        assertThat(status == 0 || killed).as(said.toString()).isTrue();
      }
      assertThat(afterMillis == Long.MAX_VALUE && killed).as("does not end").isFalse();
      return status != 0;
    }
  }

  private static void assertSame(Path whole, Path killed) {
    Checkpoints.assertSame(whole.resolve("checkpoints"), killed.resolve("checkpoints"));
    assertThat(killed.resolve("metrics.jsonl"))
        .as("no evaluation is missing or there twice")
        .hasSameBinaryContentAs(whole.resolve("metrics.jsonl"));
    assertThat(killed.resolve("images")).isDirectory();
  }
}

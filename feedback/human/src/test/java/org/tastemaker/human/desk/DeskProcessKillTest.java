package org.tastemaker.human.desk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.testing.ChildProgram;
import org.tastemaker.testing.Effort;

/** Desks in real processes, which are killed. */
class DeskProcessKillTest {
  private static final int KILLS = Effort.times(3, 200);
  private static final int QUESTIONS = 60;

  @TempDir Path folder;

  @Test
  void killedProcessesLoseNoClickAndAskNothingTwice() throws Exception {
    RandomGenerator random = Seed.of(7).generator();
    int kills = 0;
    for (int run = 0; kills < KILLS; run++) {
      Path own = Files.createDirectory(folder.resolve("run" + run));
      Set<String> acknowledged = new HashSet<>();
      boolean done = false;
      while (!done) {
        int until = kills < KILLS ? 1 + random.nextInt(QUESTIONS / 2) : Integer.MAX_VALUE;
        Process process =
            ChildProgram.of(DeskProgram.class, own.toString(), String.valueOf(QUESTIONS)).start();
        try (BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
          String line;
          int clicks = 0;
          while ((line = lines.readLine()) != null) {
            if (line.startsWith("acknowledged ")) {
              acknowledged.add(line.substring("acknowledged ".length()));
              clicks++;
            }
            done |= line.equals("done");
            if (clicks == until && process.isAlive()) {
              process.destroyForcibly();
              kills++;
              break; // what it said last may be lost with its stream
            }
          }
        }
        process.waitFor();
      }
      List<DeskAnswer> answers = DeskRecords.read(People.log(own)).answers();
      assertThat(answers).extracting(DeskAnswer::id).containsAll(acknowledged);
      assertThat(answers)
          .extracting(answer -> answer.assignment().question())
          .doesNotHaveDuplicates()
          .hasSize(QUESTIONS);
    }
  }
}

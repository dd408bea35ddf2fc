package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TrainingMemoryTest {
  /**
   * Between the two looks there are 99 epochs of 5 steps of 256 rows, each with 0.5 MiB of
   * activations of the hidden layer: a step that leaves them behind shows as 250 MiB.
   */
  private static final long BOUND = 32 << 20;

  @Test
  void fiveHundredStepsLeaveResidentMemoryFlat() throws IOException, InterruptedException {
    assertThat(grownBy(TrainingMemoryProgram.class)).isLessThan(BOUND);
  }

  /** In a process of its own, with a heap that is there as a whole from the beginning. */
  private static long grownBy(Class<?> program) throws IOException, InterruptedException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xms256m",
                    "-Xmx256m",
                    "-XX:+AlwaysPreTouch",
                    "-XX:+UseSerialGC",
                    "-cp",
                    path,
                    program.getName()))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    Matcher grown = Pattern.compile("grown (-?\\d+)").matcher(output);
    assertThat(grown.find()).as(output).isTrue();
    return Long.parseLong(grown.group(1));
  }
}

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
   * activations of the hidden layer: a step that holds on to them shows as 250 MiB. What the
   * allocator keeps of what was freed varies by some 20 MiB.
   */
  private static final long BOUND = 64 << 20;

  @Test
  void fiveHundredStepsLeaveResidentMemoryFlat() throws IOException, InterruptedException {
    assertThat(grownBy(TrainingMemoryProgram.class)).isLessThan(BOUND);
  }

  /**
   * Each of 400 calls makes arrays of 30 KB or more (the vectors of two texts alone are 20 KB): one
   * that is not freed would show as 8 MiB, all of them as over 12 MiB.
   */
  @Test
  void fourHundredCallsForFeaturesLeaveResidentMemoryFlat()
      throws IOException, InterruptedException {
    assertThat(grownBy(FeaturesMemoryProgram.class)).isLessThan(8 << 20);
  }

  /** In a process of its own, with a heap that is there as a whole from the beginning. */
  private static long grownBy(Class<?> program) throws IOException, InterruptedException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xms64m",
                    "-Xmx64m",
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

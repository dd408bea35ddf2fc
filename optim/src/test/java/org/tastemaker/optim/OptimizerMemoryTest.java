package org.tastemaker.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class OptimizerMemoryTest {
  /**
   * What compiled code and the allocator's own pages may take. A leak of 56 KB in each of the 300
   * steps would be as much: the graphs' arrays are larger, a rollout of this small model is not.
   */
  private static final long BOUND = 16L << 20;

  private static String output = "";

  @BeforeAll
  static void run() throws IOException, InterruptedException {
    output = outputOf(OptimizerMemoryProgram.class);
  }

  @Test
  void memoryStaysFlatOverThreeHundredSteps() {
    Matcher grown = Pattern.compile("grown (-?\\d+)").matcher(output);
    assertThat(grown.find()).as(output).isTrue();
    assertThat(Long.parseLong(grown.group(1))).isLessThan(BOUND);
  }

  /** The value network is Deeplearning4j's, which leaves some arrays to the garbage collector. */
  @Test
  void noStepLeavesAnArrayOpenThatItMade() {
    List<String> left = output.lines().filter(line -> line.startsWith("left ")).toList();
    assertThat(left)
        .contains("left ddpo 0", "left dpok 0", "left kl-o 0", "left likelihood 0", "left rwr 0")
        .hasSize(6);
  }

  /** In a process of its own, whose heap is there as a whole from the beginning. */
  private static String outputOf(Class<?> program) throws IOException, InterruptedException {
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
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed;
  }
}

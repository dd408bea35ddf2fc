package org.tastemaker.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class OptimizerMemoryTest {
  /**
   * What compiled code and the allocator's own pages may take. A leak of 56 KB in each of the 300
   * steps would be as much: the graphs' arrays are larger, a rollout of this small model is not.
   */
  private static final long BOUND = 16L << 20;

  @Test
  void memoryStaysFlatOverThreeHundredSteps() throws IOException, InterruptedException {
    assertThat(grownBy(OptimizerMemoryProgram.class)).isLessThan(BOUND);
  }

  /** In a process of its own, whose heap is there as a whole from the beginning. */
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

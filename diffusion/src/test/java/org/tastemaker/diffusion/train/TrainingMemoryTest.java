package org.tastemaker.diffusion.train;

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
   * 8 KiB a step; it was seen to grow by less than 1 MiB. What the graphs of one step hold is over
   * 1 MiB, so a step that leaves its graphs behind shows a hundred times over. A single small array
   * does not: what collections have freed and the allocator has not given back, about 20 MiB, is
   * room for it.
   */
  private static final long BOUND = 4 << 20;

  @Test
  void fiveHundredStepsLeaveResidentMemoryFlat() throws IOException, InterruptedException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    // A heap that is there as a whole from the beginning, so that what grows is outside of it, and
    // small enough to be collected now and then: ND4J frees some of its own only then.
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
                    TrainingMemoryProgram.class.getName()))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    Matcher grown = Pattern.compile("grown (-?\\d+)").matcher(output);
    assertThat(grown.find()).as(output).isTrue();
    assertThat(Long.parseLong(grown.group(1))).isLessThan(BOUND);
  }
}

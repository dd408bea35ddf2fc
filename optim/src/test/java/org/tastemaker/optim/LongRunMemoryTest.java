package org.tastemaker.optim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.testing.ChildProgram;
import org.tastemaker.testing.Effort;

/**
 * Resident memory of a long run. A window's lowest value leaves out what is freed a moment later;
 * the first windows hold what the compiler takes.
 */
class LongRunMemoryTest {
  /**
   * Between the lowest value of the run's second quarter and that of its last. In a nightly run a
   * loss of 2 KB in each of the 6,000 calls between would be as much.
   */
  private static final long BOUND = 12L << 20;

  private static String output = "";

  @BeforeAll
  static void run() throws IOException, InterruptedException {
    output =
        ChildProgram.of(
                LongRunMemoryProgram.class,
                Integer.toString(Effort.times(800, 10_000)),
                Integer.toString(Effort.times(200, 1_000)))
            .withVmOptions("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC")
            .output();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sampling", "steps"})
  void theFloorsOfItsWindowsStayLevel(String what) {
    List<Long> floors =
        output
            .lines()
            .filter(line -> line.startsWith(what + " "))
            .map(line -> Long.valueOf(Splitter.on(' ').splitToList(line).get(2)))
            .toList();
    assertThat(floors).hasSize(LongRunMemoryProgram.WINDOWS);
    assertThat(lowest(floors, 15, 20) - lowest(floors, 5, 10)).as(output).isLessThan(BOUND);
  }

  private static long lowest(List<Long> floors, int from, int to) {
    return floors.subList(from, to).stream().mapToLong(Long::longValue).min().orElseThrow();
  }
}

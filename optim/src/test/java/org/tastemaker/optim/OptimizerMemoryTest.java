package org.tastemaker.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.tastemaker.testing.NativeMemory;

class OptimizerMemoryTest {
  /**
   * What compiled code and the allocator's own pages may take. A leak of 56 KB in each of the 300
   * steps would be as much: the graphs' arrays are larger, a rollout of this small model is not.
   */
  private static final long BOUND = 16L << 20;

  private static String output = "";

  @BeforeAll
  static void run() throws IOException, InterruptedException {
    output = NativeMemory.outputOf(OptimizerMemoryProgram.class);
  }

  @Test
  void memoryStaysFlatOverThreeHundredSteps() {
    assertThat(NativeMemory.grown(output)).isLessThan(BOUND);
  }

  /** The value network is Deeplearning4j's, which leaves some arrays to the garbage collector. */
  @Test
  void noStepLeavesAnArrayOpenThatItMade() {
    List<String> left = output.lines().filter(line -> line.startsWith("left ")).toList();
    assertThat(left)
        .contains("left ddpo 0", "left dpok 0", "left kl-o 0", "left likelihood 0", "left rwr 0")
        .hasSize(6);
  }
}

package org.tastemaker.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.testing.NativeMemory;

class OptimizerMemoryTest {
  /**
   * For each kind of step: a leak of 84 KB in each of its 50 steps would be as much. The graphs'
   * arrays are larger, a rollout of this small model is not.
   */
  private static final long BOUND = 4L << 20;

  private static String output = "";

  @BeforeAll
  static void run() throws IOException, InterruptedException {
    output = NativeMemory.outputOf(OptimizerMemoryProgram.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ddpo",
        "dpok",
        "rwr",
        "kl-o",
        "likelihood",
        "dpok-with-value",
        "grpo",
        "draft",
        "refl",
        "nft",
        "matching",
        "dpo",
        "kto",
        "mapo",
        "d3po",
        "spo"
      })
  void memoryStaysFlatOverFiftySteps(String kind) {
    NativeMemory.assertFlat(output, kind, BOUND);
  }

  /** The value network is Deeplearning4j's, which leaves some arrays to the garbage collector. */
  @Test
  void noStepLeavesAnArrayOpenThatItMade() {
    List<String> left = output.lines().filter(line -> line.startsWith("left ")).toList();
    assertThat(left)
        .contains("left ddpo 0", "left dpok 0", "left kl-o 0", "left likelihood 0", "left rwr 0")
        .contains("left grpo 0", "left nft 0", "left matching 0")
        .contains("left draft 0", "left refl 0")
        .contains("left dpo 0", "left kto 0", "left mapo 0", "left d3po 0", "left spo 0")
        .hasSize(16);
  }
}

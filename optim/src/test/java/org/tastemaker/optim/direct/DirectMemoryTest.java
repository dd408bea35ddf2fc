package org.tastemaker.optim.direct;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.tastemaker.testing.NativeMemory;

class DirectMemoryTest {
  /** What 14 more steps may take: their latents are a tenth of it. */
  private static final long BOUND = 4L << 20;

  @Test
  void throughSixteenStepsTakesNoMoreMemoryThanThroughTwo()
      throws IOException, InterruptedException {
    String output = NativeMemory.outputOf(DirectMemoryProgram.class);
    assertThat(bytes("more", output)).as(output).isLessThan(BOUND);
    // One step's network with its gradients takes far more, so that 14 of them would be seen.
    assertThat(bytes("once", output)).as(output).isGreaterThan(4 * BOUND);
  }

  private static long bytes(String what, String output) {
    return output
        .lines()
        .filter(line -> line.startsWith(what + " "))
        .mapToLong(line -> Long.parseLong(line.substring(what.length() + 1)))
        .findFirst()
        .orElseThrow();
  }
}

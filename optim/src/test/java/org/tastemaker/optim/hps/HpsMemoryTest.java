package org.tastemaker.optim.hps;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.tastemaker.testing.NativeMemory;

class HpsMemoryTest {
  /** A leak of 40 KB in each of the 100 steps would be as much. */
  private static final long BOUND = 4L << 20;

  @Test
  void memoryStaysFlatOverAHundredSteps() throws IOException, InterruptedException {
    NativeMemory.assertFlat(HpsMemoryProgram.class, BOUND);
  }
}

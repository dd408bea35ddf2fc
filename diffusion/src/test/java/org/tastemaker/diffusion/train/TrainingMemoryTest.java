package org.tastemaker.diffusion.train;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.tastemaker.testing.NativeMemory;

class TrainingMemoryTest {
  /**
   * 32 KiB a step; it was seen to grow by 1 to 5 MiB. What the graphs of one step hold is over 1
   * MiB, so a step that leaves its graphs behind shows thirty times over. A single small array does
   * not: what collections have freed and the allocator has not given back, about 20 MiB, is room
   * for it.
   */
  private static final long BOUND = 16 << 20;

  @Test
  void fiveHundredStepsLeaveResidentMemoryFlat() throws IOException, InterruptedException {
    NativeMemory.assertFlat(TrainingMemoryProgram.class, BOUND);
  }

  @Test
  void fiveHundredStepsOfAClipModelLeaveResidentMemoryFlat()
      throws IOException, InterruptedException {
    NativeMemory.assertFlat(ClipMemoryProgram.class, BOUND);
  }
}

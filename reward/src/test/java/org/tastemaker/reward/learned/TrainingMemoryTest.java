package org.tastemaker.reward.learned;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.tastemaker.testing.NativeMemory;

class TrainingMemoryTest {
  private static final int HEAP_MEGABYTES = 64;

  /**
   * Between the first reading and the last are 100 epochs of 5 steps of 256 rows, each with 0.5 MiB
   * of activations of the hidden layer: a step that leaks them shows as 250 MiB. What the allocator
   * keeps of what was freed varies by some 20 MiB.
   */
  private static final long BOUND = 64 << 20;

  @Test
  void fiveHundredStepsLeaveResidentMemoryFlat() throws IOException, InterruptedException {
    NativeMemory.assertFlat(TrainingMemoryProgram.class, HEAP_MEGABYTES, BOUND);
  }

  /**
   * Each of 400 calls makes arrays of 30 KB or more (the vectors of two texts alone are 20 KB): one
   * that is not freed would show as 8 MiB, all of them as over 12 MiB.
   */
  @Test
  void fourHundredCallsForFeaturesLeaveResidentMemoryFlat()
      throws IOException, InterruptedException {
    NativeMemory.assertFlat(FeaturesMemoryProgram.class, HEAP_MEGABYTES, 8 << 20);
  }
}

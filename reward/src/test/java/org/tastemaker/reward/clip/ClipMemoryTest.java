package org.tastemaker.reward.clip;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.tastemaker.testing.NativeMemory;

class ClipMemoryTest {
  private static final int HEAP_MEGABYTES = 64;

  /**
   * Each of 1000 calls makes arrays of the pixels of 12 images twice, 9 KB each time: one of the
   * two that is not freed would show as 9 MiB.
   */
  @Test
  void aThousandScoresAndGradientsLeaveResidentMemoryFlat()
      throws IOException, InterruptedException {
    NativeMemory.assertFlat(ClipMemoryProgram.class, HEAP_MEGABYTES, 6 << 20);
  }
}

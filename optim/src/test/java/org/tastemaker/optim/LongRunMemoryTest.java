package org.tastemaker.optim;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.testing.Effort;
import org.tastemaker.testing.NativeMemory;

/** Resident memory of a long run, but for its first quarter. */
class LongRunMemoryTest {
  /**
   * A leak of 14 KB in each call for images, or of 56 KB in each step, would be as much; in a
   * nightly run of 1.1 and 11 KB.
   */
  private static final long BOUND = 8L << 20;

  private static String output = "";

  @BeforeAll
  static void run() throws IOException, InterruptedException {
    output =
        NativeMemory.outputOf(
            LongRunMemoryProgram.class,
            Integer.toString(Effort.times(800, 10_000)),
            Integer.toString(Effort.times(200, 1_000)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sampling", "steps"})
  void memoryStaysFlat(String what) {
    NativeMemory.assertFlat(output, what, BOUND);
  }
}

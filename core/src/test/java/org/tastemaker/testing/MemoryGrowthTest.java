package org.tastemaker.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

class MemoryGrowthTest {
  private static final int WARM_UP = 7;
  private static final int CALLS = 110;

  /** Of a process whose resident memory is this after each call. */
  private static MemoryGrowth growth(IntToLongFunction resident) {
    int[] call = new int[1];
    MemoryGrowth growth = new MemoryGrowth(() -> resident.applyAsLong(call[0]++), WARM_UP, CALLS);
    for (int i = 0; i < WARM_UP + CALLS; i++) {
      growth.called();
    }
    return growth;
  }

  @Test
  void aLeakCountsInFull() {
    MemoryGrowth growth = growth(i -> 1_000_000 + 500L * i);
    assertThat(growth.steady()).isEqualTo(500 * 100);
    assertThat(growth.total()).isEqualTo(500 * 100);
  }

  @Test
  void aLeakCountsInFullBesideWhatIsTakenOnce() {
    MemoryGrowth growth = growth(i -> 500L * i + (i < 55 ? 0 : 14_000_000));
    assertThat(growth.steady()).isEqualTo(500 * 100);
    assertThat(growth.total()).isEqualTo(500 * 100 + 14_000_000);
  }

  @Test
  void whatIsTakenTwiceOrGivenBackDoesNotCount() {
    assertThat(growth(i -> (i > 35 ? 9 : 0) + (i > 72 ? 9 : 0)).steady()).isZero();
    assertThat(growth(i -> i > 35 && i < 72 ? 9 : 0).steady()).isZero();
  }

  @Test
  void whatIsFreedAMomentLaterDoesNotCount() {
    assertThat(growth(i -> i % 10 == 3 ? 0 : 99).total()).isZero();
  }

  @Test
  void tooFewCallsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MemoryGrowth.over(0, 10))
        .withMessage("10 calls are less than 11");
  }
}

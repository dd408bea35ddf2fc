package org.tastemaker.feedback.resilience;

import java.time.Duration;

/** Lets time pass. A test's sleeper moves a test's clock instead. */
@FunctionalInterface
public interface Sleeper {
  /**
   * Waits.
   *
   * @param time how long; at once back where it is zero or negative
   * @throws InterruptedException if the thread is interrupted meanwhile
   */
  void sleep(Duration time) throws InterruptedException;

  /**
   * The sleeper that really waits.
   *
   * @return stateless
   */
  static Sleeper system() {
    return time -> {
      if (!time.isNegative() && !time.isZero()) {
        Thread.sleep(time.toMillis(), time.toNanosPart() % 1_000_000);
      }
    };
  }
}

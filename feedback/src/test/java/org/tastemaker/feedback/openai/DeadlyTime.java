package org.tastemaker.feedback.openai;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.resilience.Sleeper;

/**
 * A clock that ends a process at one of its readings: from then on every reading and every sleep
 * fails. It is read when an answer has arrived, before a line of the ledger, and between the steps
 * of a batch.
 */
final class DeadlyTime extends Clock implements Sleeper {
  private final FakeTime time;
  private int left;

  DeadlyTime(FakeTime time, int left) {
    this.time = time;
    this.left = left;
  }

  /** The end of a process. */
  static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  private synchronized void moment() {
    left--;
    if (left <= 0) {
      throw new Killed();
    }
  }

  @Override
  public Instant instant() {
    moment();
    return time.instant();
  }

  @Override
  public void sleep(Duration wait) throws InterruptedException {
    if (wait.compareTo(Duration.ofSeconds(1)) < 0) {
      moment();
    }
    time.sleep(wait);
  }

  @Override
  public ZoneId getZone() {
    return time.getZone();
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("a test's clock has one zone");
  }
}

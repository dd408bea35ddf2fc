package org.tastemaker.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock in UTC that stands still until a test moves it. */
public final class HandClock extends Clock {
  private Instant now;

  /**
   * A clock.
   *
   * @param start the time that it shows first
   */
  public HandClock(Instant start) {
    this.now = start;
  }

  /**
   * Moves it on.
   *
   * @param time by how much
   */
  public synchronized void pass(Duration time) {
    now = now.plus(time);
  }

  @Override
  public synchronized Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }
}

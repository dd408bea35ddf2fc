package org.tastemaker.feedback.resilience;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** A clock that stands still, and a sleeper that moves it and notes how far. */
public final class FakeTime extends Clock implements Sleeper {
  /** When it begins. */
  public static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  private final List<Duration> sleeps = new ArrayList<>();
  private Instant now = START;

  @Override
  public synchronized void sleep(Duration time) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while asleep");
    }
    if (!time.isZero() && !time.isNegative()) {
      sleeps.add(time);
      now = now.plus(time);
    }
  }

  /** Moves the clock. */
  public synchronized void pass(Duration time) {
    now = now.plus(time);
  }

  /** What was slept, in order; sleeps of nothing are left out. */
  public synchronized List<Duration> sleeps() {
    return List.copyOf(sleeps);
  }

  /** Time since the start. */
  public synchronized Duration elapsed() {
    return Duration.between(START, now);
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
    throw new UnsupportedOperationException("a fake clock has one zone");
  }
}

package org.tastemaker.feedback.resilience;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A limit on requests, or on tokens, per minute.
 *
 * <p>A token bucket fills at the rate, up to one second's worth (services enforce limits per minute
 * over shorter times too). A caller takes what it needs at once, even into debt, and then waits
 * until the bucket is out of debt. So callers are served in order of arrival, and an expensive
 * request delays those behind it. A wrong estimate is {@linkplain #settle settled} afterwards.
 *
 * <p>Thread-safe.
 */
final class RateLimiter {
  private final double perSecond;
  private final double capacity;
  private final Clock clock;
  private final Sleeper sleeper;

  private double available;
  private Instant filledAt;
  private @Nullable Instant closedUntil;

  /**
   * A limiter with a full bucket.
   *
   * @param perMinute over 0; {@link Double#POSITIVE_INFINITY} for no limit
   */
  RateLimiter(double perMinute, Clock clock, Sleeper sleeper) {
    this.perSecond = perMinute / 60;
    this.capacity = Math.max(1, perSecond);
    this.clock = clock;
    this.sleeper = sleeper;
    this.available = capacity;
    this.filledAt = clock.instant();
  }

  /** Takes permits, and waits until they are due. */
  void acquire(double permits) throws InterruptedException {
    boolean done = false;
    try {
      Duration due = reserve(permits);
      if (!due.isZero()) {
        sleeper.sleep(due);
      }
      for (Duration wait = closedFor(); !wait.isZero(); wait = closedFor()) {
        sleeper.sleep(wait);
      }
      done = true;
    } finally {
      if (!done) {
        settle(permits, 0);
      }
    }
  }

  /** Gives back what was taken too much, or takes what was taken too little. Never waits. */
  synchronized void settle(double taken, double used) {
    if (perSecond < Double.POSITIVE_INFINITY) {
      available = Math.min(capacity, available + taken - used);
    }
  }

  /** Lets nobody through for a while. */
  synchronized void closeFor(Duration time) {
    Instant until = clock.instant().plus(time);
    if (closedUntil == null || until.isAfter(closedUntil)) {
      closedUntil = until;
    }
  }

  /** How long nobody is let through, from now; zero where somebody is. */
  synchronized Duration closedFor() {
    if (closedUntil == null) {
      return Duration.ZERO;
    }
    Duration wait = Duration.between(clock.instant(), closedUntil);
    return wait.isNegative() ? Duration.ZERO : wait;
  }

  private synchronized Duration reserve(double permits) {
    if (perSecond == Double.POSITIVE_INFINITY) {
      return Duration.ZERO;
    }
    Instant now = clock.instant();
    double elapsed = Math.max(0, Duration.between(filledAt, now).toNanos() / 1e9);
    available = Math.min(capacity, available + elapsed * perSecond);
    filledAt = now;
    // A request larger than the bucket waits for a full one and leaves the rest as debt.
    double needed = Math.min(permits, capacity);
    double wait = Math.max(0, (needed - available) / perSecond);
    available -= permits;
    return Duration.ofNanos((long) Math.ceil(wait * 1e9));
  }
}

package org.tastemaker.feedback.resilience;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.FeedbackException;

/**
 * Stops all calls to a service that is down, or whose account has no credit.
 *
 * <pre>
 * CLOSED    calls are made
 *   | enough failures in a row
 * OPEN      callers wait. When the time is up, one of them tries:
 *   | it succeeds -> CLOSED; it fails -> OPEN again, for twice as long
 * </pre>
 *
 * <p>Waiting ends: a service that has been failing for longer than {@link
 * BreakerPolicy#giveUpAfter} is considered down, and while the breaker is open every call fails at
 * once with a failure that stops the job. A {@linkplain #trip tripped} breaker makes no caller
 * wait. Either way the breaker lets one attempt through when its time is up, so the same object
 * serves a resumed job.
 *
 * <p>Thread-safe.
 */
final class CircuitBreaker {
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

  private final BreakerPolicy policy;
  private final Clock clock;
  private final Sleeper sleeper;

  private int failuresInARow;
  private int openings;
  private boolean probing;
  private @Nullable Instant openUntil; // null while closed
  private @Nullable Instant failingSince;
  private @Nullable FeedbackException verdict; // thrown at once instead of making callers wait

  CircuitBreaker(BreakerPolicy policy, Clock clock, Sleeper sleeper) {
    this.policy = policy;
    this.clock = clock;
    this.sleeper = sleeper;
  }

  /**
   * Waits until an attempt may be made. Whoever comes back from here must call one of {@link
   * #succeeded}, {@link #failed}, {@link #trip} and {@link #abandoned}.
   *
   * @throws FeedbackException if no attempt is worth waiting for
   */
  void enter() throws InterruptedException {
    for (Duration wait = tryEnter(); !wait.isZero(); wait = tryEnter()) {
      sleeper.sleep(wait.compareTo(LOOK_AGAIN) < 0 ? wait : LOOK_AGAIN);
    }
  }

  /** The service answered, even if with a refusal: it is up. */
  synchronized void succeeded() {
    failuresInARow = 0;
    openings = 0;
    probing = false;
    openUntil = null;
    failingSince = null;
    verdict = null;
  }

  /** The service failed. */
  synchronized void failed(FeedbackException failure) {
    Instant now = clock.instant();
    boolean probe = probing;
    probing = false;
    failuresInARow++;
    if (failingSince == null) {
      failingSince = now;
    }
    boolean open = openUntil != null && now.isBefore(openUntil);
    if (probe || (!open && failuresInARow >= policy.failuresToOpen())) {
      openFor(openTime());
      openings++;
    }
    Duration down = Duration.between(failingSince, now);
    if (openUntil != null && down.compareTo(policy.giveUpAfter()) >= 0) {
      verdict =
          new FeedbackException.TransportFailed(
              "the service has been failing for "
                  + down.toSeconds()
                  + " s, "
                  + failuresInARow
                  + " times in a row, and is considered down; resume later: answers so far are kept. Last "
                  + "failure: "
                  + failure.getMessage(),
              failure,
              true);
    }
  }

  /** No call is made for a while: the account has no credit. */
  synchronized void trip(FeedbackException reason) {
    probing = false;
    verdict = reason;
    openFor(policy.longestOpen());
  }

  /**
   * An attempt ended without telling anything about the service, such as when its thread was
   * interrupted.
   */
  synchronized void abandoned() {
    probing = false;
  }

  /** Zero: go ahead. Otherwise: wait that long, then ask again. */
  private synchronized Duration tryEnter() {
    if (openUntil == null) {
      return Duration.ZERO;
    }
    Duration left = Duration.between(clock.instant(), openUntil);
    boolean mayTry = (left.isZero() || left.isNegative()) && !probing;
    if (mayTry) {
      probing = true;
      return Duration.ZERO;
    }
    if (verdict != null) {
      throw verdict;
    }
    return left.isZero() || left.isNegative() ? LOOK_AGAIN : left;
  }

  private Duration openTime() {
    long times = 1L << Math.min(openings, 20);
    Duration time = policy.openFor().multipliedBy(times);
    return time.compareTo(policy.longestOpen()) < 0 ? time : policy.longestOpen();
  }

  private void openFor(Duration time) {
    openUntil = clock.instant().plus(time);
  }
}

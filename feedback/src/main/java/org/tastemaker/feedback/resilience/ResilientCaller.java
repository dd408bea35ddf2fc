package org.tastemaker.feedback.resilience;

import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.FeedbackException;

/**
 * Makes calls to one service: bounded in number, in pace and in repetitions.
 *
 * <p>A call is attempted, and when the attempt fails in a way that time may mend, attempted again
 * after {@code min(firstDelay * 2^(n-1), longestDelay) * (1 - u/4)} with a {@code u} in [0, 1), or
 * after what the service asked for. A service that asks for more than {@link
 * Options#longestRetryAfter} is not waited for. Failures for lack of money end all calls at once.
 *
 * <p>Thread-safe: one caller serves all threads that talk to a service, since the limits are the
 * service's. Callers block.
 */
public final class ResilientCaller {
  private static final Logger LOG = LoggerFactory.getLogger(ResilientCaller.class);

  private final Options options;
  private final Sleeper sleeper;
  private final Seed seed;
  private final Semaphore slots;
  private final CircuitBreaker breaker;
  private final RateLimiter requests;
  private final RateLimiter tokens;

  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong attempts = new AtomicLong();
  private final AtomicLong repetitions = new AtomicLong();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger mostInFlight = new AtomicInteger();

  /**
   * A caller for one service.
   *
   * @param options limits
   * @param clock tells the time
   * @param sleeper lets it pass
   * @param seed for the jitter of delays
   */
  public ResilientCaller(Options options, Clock clock, Sleeper sleeper, Seed seed) {
    this.options = Objects.requireNonNull(options, "options == null");
    Objects.requireNonNull(clock, "clock == null");
    this.sleeper = Objects.requireNonNull(sleeper, "sleeper == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    this.slots = new Semaphore(options.inFlight(), true);
    this.breaker = new CircuitBreaker(options, clock, sleeper);
    this.requests = new RateLimiter(options.requestsPerMinute(), clock, sleeper);
    this.tokens = new RateLimiter(options.tokensPerMinute(), clock, sleeper);
  }

  /**
   * One attempt of a call.
   *
   * @param <T> what it gives
   */
  @FunctionalInterface
  public interface Attempt<T> {
    /**
     * Tries.
     *
     * @param number from 1
     * @return the result
     * @throws AttemptFailed if it did not work; says whether and when to try again
     * @throws InterruptedException if the thread was interrupted
     */
    T run(int number) throws AttemptFailed, InterruptedException;
  }

  /**
   * Makes a call.
   *
   * @param what is called, for messages
   * @param estimatedTokens what it will count against the tokens of a minute
   * @param attempt makes one attempt
   * @param <T> what the call gives
   * @return the first success
   * @throws FeedbackException if there is none
   * @throws CancellationException if the thread is interrupted; it stays so
   */
  public <T> T call(String what, long estimatedTokens, Attempt<T> attempt) {
    Seed jitter = seed.split(calls.getAndIncrement());
    try {
      for (int number = 1; ; number++) {
        try {
          return attempt(estimatedTokens, attempt, number);
        } catch (AttemptFailed failed) {
          Duration delay = delayBeforeNext(what, failed, number, jitter);
          LOG.debug(
              "{}: attempt {} failed, next in {}: {}",
              what,
              number,
              delay,
              failed.failure().toString());
          repetitions.incrementAndGet();
          sleeper.sleep(delay);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException cancelled = new CancellationException(what + " was interrupted");
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  /**
   * Tells what was really used of the tokens of a minute.
   *
   * @param estimatedTokens what {@link #call} was told
   * @param usedTokens what it was
   */
  public void settleTokens(long estimatedTokens, long usedTokens) {
    tokens.settle((double) estimatedTokens, (double) usedTokens);
  }

  /**
   * Heeds what an answer says about pace: where nothing is left of a limit, nobody goes until it is
   * reset, at most for {@link Options#longestRetryAfter}.
   *
   * @param hints of the answer
   */
  public void heed(ServerHints hints) {
    requests.closeFor(capped(hints.requests().closedFor()));
    tokens.closeFor(capped(hints.tokens().closedFor()));
  }

  /**
   * What went on so far.
   *
   * @return counts
   */
  public Counts counts() {
    return new Counts(calls.get(), attempts.get(), repetitions.get(), mostInFlight.get());
  }

  private <T> T attempt(long estimatedTokens, Attempt<T> attempt, int number)
      throws AttemptFailed, InterruptedException {
    slots.acquire();
    try {
      breaker.enter();
      boolean told = false;
      try {
        refuseLongWaits();
        requests.acquire(1);
        tokens.acquire((double) estimatedTokens);
        attempts.incrementAndGet();
        mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
        T result;
        try {
          result = attempt.run(number);
        } finally {
          inFlight.decrementAndGet();
        }
        breaker.succeeded();
        told = true;
        return result;
      } catch (AttemptFailed failed) {
        told = true;
        if (failed.failure() instanceof FeedbackException.QuotaExhausted) {
          breaker.trip(failed.failure());
        } else if (failed.isServerAtFault()) {
          breaker.failed(failed.failure());
        } else {
          breaker.succeeded();
        }
        throw failed;
      } finally {
        if (!told) {
          breaker.abandoned();
        }
      }
    } finally {
      slots.release();
    }
  }

  private void refuseLongWaits() {
    Duration closed = requests.closedFor();
    if (closed.compareTo(options.longestRetryAfter()) > 0) {
      throw new FeedbackException.RateLimited(tooLong(closed), closed);
    }
  }

  private Duration delayBeforeNext(String what, AttemptFailed failed, int number, Seed jitter) {
    FeedbackException failure = failed.failure();
    Duration asked = failed.retryAfter().orElse(null);
    if (!failed.isWorthRetrying()) {
      throw failure;
    }
    boolean tooFast = failure instanceof FeedbackException.RateLimited;
    if (asked != null && tooFast) {
      requests.closeFor(asked); // the limit is everybody's
    }
    if (asked != null && asked.compareTo(options.longestRetryAfter()) > 0) {
      throw tooFast
          ? new FeedbackException.RateLimited(what + ": " + tooLong(asked), asked)
          : new FeedbackException.TransportFailed(
              what + ": " + tooLong(asked) + " Its words: " + failure.getMessage(), failure, false);
    }
    if (number >= options.attempts()) {
      String message =
          what + " failed " + number + " times in a row; last: " + failure.getMessage();
      throw tooFast
          ? new FeedbackException.RateLimited(message, asked)
          : new FeedbackException.TransportFailed(message, failure, failure.stopsTheJob());
    }
    double u = jitter.split(number).generator().nextDouble();
    if (asked != null) {
      // Never earlier than asked; spread a little, so that not all callers come at once.
      return asked.plus(scaled(options.firstDelay(), u / 4));
    }
    Duration doubled = options.firstDelay().multipliedBy(1L << Math.min(number - 1, 20));
    Duration delay =
        doubled.compareTo(options.longestDelay()) < 0 ? doubled : options.longestDelay();
    return scaled(delay, 1 - u / 4);
  }

  private String tooLong(Duration asked) {
    return "the service asks to wait "
        + asked.toSeconds()
        + " s, which is over the limit of "
        + options.longestRetryAfter().toSeconds()
        + " s; start again later, or raise longestRetryAfter.";
  }

  private Duration capped(Duration time) {
    return time.compareTo(options.longestRetryAfter()) < 0 ? time : options.longestRetryAfter();
  }

  private static Duration scaled(Duration time, double factor) {
    return Duration.ofNanos((long) (time.toNanos() * factor));
  }

  /**
   * What went on so far.
   *
   * @param calls begun
   * @param attempts made: a repeated one may have been billed each time
   * @param repetitions attempts that followed a failed one
   * @param mostInFlight the largest number of attempts at the same time
   */
  public record Counts(long calls, long attempts, long repetitions, int mostInFlight) {}

  /**
   * Limits.
   *
   * @param inFlight calls at the same time, at least 1
   * @param requestsPerMinute over 0; {@link Double#POSITIVE_INFINITY} for no limit
   * @param tokensPerMinute over 0; {@link Double#POSITIVE_INFINITY} for no limit
   * @param attempts of one call, at least 1
   * @param firstDelay before the second attempt
   * @param longestDelay before any attempt, where the service asks for none
   * @param longestRetryAfter what the service may ask for; the official clients wait two minutes
   * @param failuresToOpen failures of the service in a row, of all calls, that open the breaker
   * @param openFor how long it is open the first time
   * @param longestOpen how long it is open at most
   * @param giveUpAfter after what time of failing the service is held to be down
   */
  public record Options(
      int inFlight,
      double requestsPerMinute,
      double tokensPerMinute,
      int attempts,
      Duration firstDelay,
      Duration longestDelay,
      Duration longestRetryAfter,
      int failuresToOpen,
      Duration openFor,
      Duration longestOpen,
      Duration giveUpAfter) {
    /** 64 calls in flight, no limit of pace, 6 attempts, up to 10 minutes of a failing service. */
    public static final Options DEFAULTS =
        new Options(
            64,
            Double.POSITIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            6,
            Duration.ofMillis(500),
            Duration.ofSeconds(30),
            Duration.ofSeconds(120),
            20,
            Duration.ofSeconds(5),
            Duration.ofSeconds(60),
            Duration.ofMinutes(10));

    public Options {
      require(inFlight >= 1, "inFlight must be at least 1, but was " + inFlight);
      require(
          requestsPerMinute > 0, "requestsPerMinute must be over 0, but was " + requestsPerMinute);
      require(tokensPerMinute > 0, "tokensPerMinute must be over 0, but was " + tokensPerMinute);
      require(attempts >= 1, "attempts must be at least 1, but was " + attempts);
      require(failuresToOpen >= 1, "failuresToOpen must be at least 1, but was " + failuresToOpen);
      requirePositive(firstDelay, "firstDelay");
      requirePositive(longestDelay, "longestDelay");
      requirePositive(longestRetryAfter, "longestRetryAfter");
      requirePositive(openFor, "openFor");
      requirePositive(longestOpen, "longestOpen");
      requirePositive(giveUpAfter, "giveUpAfter");
    }

    /**
     * These options with another number of calls at the same time.
     *
     * @param inFlight at least 1
     * @return new options
     */
    public Options withInFlight(int inFlight) {
      return new Options(
          inFlight,
          requestsPerMinute,
          tokensPerMinute,
          attempts,
          firstDelay,
          longestDelay,
          longestRetryAfter,
          failuresToOpen,
          openFor,
          longestOpen,
          giveUpAfter);
    }

    /**
     * These options with another pace.
     *
     * @param requestsPerMinute over 0
     * @param tokensPerMinute over 0
     * @return new options
     */
    public Options withPace(double requestsPerMinute, double tokensPerMinute) {
      return new Options(
          inFlight,
          requestsPerMinute,
          tokensPerMinute,
          attempts,
          firstDelay,
          longestDelay,
          longestRetryAfter,
          failuresToOpen,
          openFor,
          longestOpen,
          giveUpAfter);
    }

    /**
     * These options with another number of attempts.
     *
     * @param attempts at least 1
     * @param firstDelay before the second
     * @return new options
     */
    public Options withAttempts(int attempts, Duration firstDelay) {
      return new Options(
          inFlight,
          requestsPerMinute,
          tokensPerMinute,
          attempts,
          firstDelay,
          longestDelay,
          longestRetryAfter,
          failuresToOpen,
          openFor,
          longestOpen,
          giveUpAfter);
    }

    private static void requirePositive(Duration value, String name) {
      require(!value.isNegative() && !value.isZero(), name + " must be over 0, but was " + value);
    }

    private static void require(boolean fits, String message) {
      if (!fits) {
        throw new IllegalArgumentException("options of the caller: " + message);
      }
    }
  }
}

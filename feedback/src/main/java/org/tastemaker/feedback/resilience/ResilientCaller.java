package org.tastemaker.feedback.resilience;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.FeedbackException;

/**
 * Makes calls to one service, with limits on calls in flight, rate and retries.
 *
 * <p>If an attempt fails in a way that may pass, the call is retried after {@code min(firstDelay *
 * 2^(n-1), longestDelay) * (1 - u/4)} with a {@code u} in [0, 1), or after what the service asked
 * for. A service that asks for a delay of more than {@link RetryPolicy#longestRetryAfter} is not
 * waited for. If the account has no credit, all calls end at once. A service that has never been
 * reached is given up after three attempts: waiting is for those that have answered before.
 *
 * <p>The first failure of each kind is told at once, to the log and to a listener, with the time of
 * the next attempt.
 *
 * <p>Thread-safe: one caller serves all threads that use a service, because the limits are those of
 * the service. Callers block.
 */
public final class ResilientCaller {
  private static final Logger LOG = LoggerFactory.getLogger(ResilientCaller.class);
  private static final int FIRST_CONTACT = 3;
  private static final int MOST_TOLD = 10;

  private final RetryPolicy retries;
  private final Sleeper sleeper;
  private final Seed seed;
  private final Semaphore slots;
  private final CircuitBreaker breaker;
  private final RateLimiter requests;
  private final RateLimiter tokens;
  private final RunListener listener;
  private final Set<String> told = ConcurrentHashMap.newKeySet();
  private volatile boolean reached;

  /** Why there is no call now, for those that do not hear it from the service. */
  private volatile String closedBy = "";

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
   * @param sleeper waits
   * @param seed for the jitter of delays
   */
  public ResilientCaller(Options options, Clock clock, Sleeper sleeper, Seed seed) {
    this(options, clock, sleeper, seed, RunListener.none());
  }

  /**
   * A caller for one service that tells a listener what goes wrong.
   *
   * @param options limits
   * @param clock tells the time
   * @param sleeper waits
   * @param seed for the jitter of delays
   * @param listener receives a {@link RunEvent.Notice} of the first failure of each kind, from the
   *     threads that call
   */
  public ResilientCaller(
      Options options, Clock clock, Sleeper sleeper, Seed seed, RunListener listener) {
    this.listener = RunListener.all(listener);
    this.retries = options.retries();
    Objects.requireNonNull(clock, "clock == null");
    this.sleeper = Objects.requireNonNull(sleeper, "sleeper == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    this.slots = new Semaphore(options.inFlight(), true);
    this.breaker = new CircuitBreaker(options.breaker(), clock, sleeper);
    this.requests = new RateLimiter(options.requestsPerMinute(), clock, sleeper);
    this.tokens = new RateLimiter(options.tokensPerMinute(), clock, sleeper);
  }

  /**
   * An attempt of a call.
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
     * @throws AttemptFailed if it failed; says whether and when to retry
     * @throws InterruptedException if the thread was interrupted
     */
    T run(int number) throws AttemptFailed, InterruptedException;
  }

  /**
   * Makes a call.
   *
   * @param what is called, for messages
   * @param estimatedTokens what it counts against the limit of tokens per minute
   * @param attempt makes one attempt
   * @param <T> what the call gives
   * @return the first success
   * @throws FeedbackException if all attempts fail
   * @throws CancellationException if the thread is interrupted; the interrupt status stays set
   */
  public <T> T call(String what, long estimatedTokens, Attempt<T> attempt) {
    Seed jitter = seed.split(calls.getAndIncrement());
    try {
      for (int number = 1; ; number++) {
        try {
          return attempt(estimatedTokens, attempt, number);
        } catch (AttemptFailed failed) {
          Duration delay = delayBeforeNext(what, failed, number, jitter);
          tell(what, number, delay, failed.failure());
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
   * Corrects the count against the limit of tokens per minute.
   *
   * @param estimatedTokens what {@link #call} was given
   * @param usedTokens what was used
   */
  public void settleTokens(long estimatedTokens, long usedTokens) {
    tokens.settle((double) estimatedTokens, (double) usedTokens);
  }

  /**
   * Applies what an answer says about rate limits: if a limit is used up, no call is made until it
   * is reset, at most for {@link RetryPolicy#longestRetryAfter}.
   *
   * @param hints of the answer
   */
  public void apply(ServerHints hints) {
    requests.closeFor(capped(hints.requests().closedFor()));
    tokens.closeFor(capped(hints.tokens().closedFor()));
  }

  /**
   * Counts so far.
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
        reached = true;
        return result;
      } catch (AttemptFailed failed) {
        told = true;
        if (!failed.isUnreachable()) {
          reached = true;
        }
        if (failed.failure() instanceof FeedbackException.QuotaExhausted) {
          breaker.trip(failed.failure());
        } else if (failed.isUnreachable() && !reached) {
          // The first calls give up by themselves: many of them at a time must not wait for a
          // breaker that is made for services which come back.
          breaker.abandoned();
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

  /** Words for a person, once for each kind: a job of a million questions has many failures. */
  private void tell(String what, int number, Duration delay, FeedbackException failure) {
    String words =
        String.format(
            Locale.ROOT,
            "%s; attempt %d of %d, the next in %.1f s",
            failure.getMessage(),
            number,
            retries.attempts(),
            delay.toMillis() / 1000.0);
    if (told.size() < MOST_TOLD
        && told.add(MissingReason.kindOf(String.valueOf(failure.getMessage())))) {
      LOG.warn("{} (further failures of this kind are not logged)", words);
      listener.on(new RunEvent.Notice(0, words));
    } else {
      LOG.debug("{}: {}", what, words);
    }
  }

  private void refuseLongWaits() {
    Duration closed = requests.closedFor();
    if (closed.compareTo(retries.longestRetryAfter()) > 0) {
      throw new FeedbackException.RateLimited(tooLong(closed) + closedBy, closed);
    }
  }

  private Duration delayBeforeNext(String what, AttemptFailed failed, int number, Seed jitter) {
    FeedbackException failure = failed.failure();
    Duration asked = failed.retryAfter().orElse(null);
    if (!failed.isWorthRetrying()) {
      throw failure;
    }
    if (failed.isUnreachable()
        && !reached
        && number >= Math.min(FIRST_CONTACT, retries.attempts())) {
      throw new FeedbackException.TransportFailed(
          failure.getMessage()
              + "; nobody has answered there yet, in "
              + number
              + " attempts: check that the service is running, and the base URL",
          failure,
          true);
    }
    boolean tooFast = failure instanceof FeedbackException.RateLimited;
    if (asked != null && tooFast) {
      closedBy = " Its words: " + failure.getMessage();
      requests.closeFor(asked); // the limit applies to all callers
    }
    if (asked != null && asked.compareTo(retries.longestRetryAfter()) > 0) {
      String message = what + ": " + tooLong(asked) + " Its words: " + failure.getMessage();
      throw tooFast
          ? new FeedbackException.RateLimited(message, asked)
          : new FeedbackException.TransportFailed(message, failure, false);
    }
    if (number >= retries.attempts()) {
      String message =
          what + " failed " + number + " times in a row; last: " + failure.getMessage();
      throw tooFast
          ? new FeedbackException.RateLimited(message, asked)
          : new FeedbackException.TransportFailed(message, failure, failure.stopsTheJob());
    }
    double u = jitter.split(number).generator().nextDouble();
    if (asked != null) {
      // Never earlier than asked; spread a little, so that not all callers come at once.
      return asked.plus(RetryPolicy.scaled(retries.firstDelay(), u / 4));
    }
    return retries.delayAfter(number, u);
  }

  private String tooLong(Duration asked) {
    return "the service asks to wait "
        + asked.toSeconds()
        + " s, which is over the limit of "
        + retries.longestRetryAfter().toSeconds()
        + " s; start again later, or raise longestRetryAfter.";
  }

  private Duration capped(Duration time) {
    return time.compareTo(retries.longestRetryAfter()) < 0 ? time : retries.longestRetryAfter();
  }

  /**
   * Counts.
   *
   * @param calls begun
   * @param attempts each of which may have been billed
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
   * @param retries of a call
   * @param breaker when to stop calling a failing service
   */
  @RecordBuilder
  public record Options(
      int inFlight,
      double requestsPerMinute,
      double tokensPerMinute,
      RetryPolicy retries,
      BreakerPolicy breaker)
      implements ResilientCallerOptionsBuilder.With {
    /** 64 calls in flight, no rate limit, 6 attempts, up to 10 minutes of a failing service. */
    public static final Options DEFAULTS =
        new Options(
            64,
            Double.POSITIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            RetryPolicy.DEFAULTS,
            BreakerPolicy.DEFAULTS);

    public Options {
      Checks.require(inFlight >= 1, "inFlight must be at least 1, but was " + inFlight);
      Checks.require(
          requestsPerMinute > 0, "requestsPerMinute must be over 0, but was " + requestsPerMinute);
      Checks.require(
          tokensPerMinute > 0, "tokensPerMinute must be over 0, but was " + tokensPerMinute);
      Objects.requireNonNull(retries, "retries == null");
      Objects.requireNonNull(breaker, "breaker == null");
    }
  }
}

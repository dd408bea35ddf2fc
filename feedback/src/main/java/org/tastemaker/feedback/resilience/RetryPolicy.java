package org.tastemaker.feedback.resilience;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Duration;

/**
 * How often, and after what delays, a call is attempted.
 *
 * @param attempts of one call, at least 1
 * @param firstDelay before the second attempt
 * @param longestDelay before any attempt, if the service asks for none
 * @param longestRetryAfter the longest delay that the service may ask for; the official clients
 *     wait up to two minutes
 */
@RecordBuilder
public record RetryPolicy(
    int attempts, Duration firstDelay, Duration longestDelay, Duration longestRetryAfter)
    implements RetryPolicyBuilder.With {
  /** 6 attempts, after half a second, then twice as long each time, up to half a minute. */
  public static final RetryPolicy DEFAULTS =
      new RetryPolicy(6, Duration.ofMillis(500), Duration.ofSeconds(30), Duration.ofSeconds(120));

  public RetryPolicy {
    Checks.require(attempts >= 1, "attempts must be at least 1, but was " + attempts);
    Checks.requirePositive("firstDelay", firstDelay);
    Checks.requirePositive("longestDelay", longestDelay);
    Checks.requirePositive("longestRetryAfter", longestRetryAfter);
  }

  /**
   * The delay after a failed attempt.
   *
   * @param number of the attempt, from 1
   * @param u in [0, 1), for the jitter
   */
  Duration delayAfter(int number, double u) {
    Duration doubled = firstDelay.multipliedBy(1L << Math.min(number - 1, 20));
    return scaled(doubled.compareTo(longestDelay) < 0 ? doubled : longestDelay, 1 - u / 4);
  }

  static Duration scaled(Duration time, double factor) {
    return Duration.ofNanos((long) (time.toNanos() * factor));
  }
}

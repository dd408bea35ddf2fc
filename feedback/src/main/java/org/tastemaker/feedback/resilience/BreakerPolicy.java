package org.tastemaker.feedback.resilience;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Duration;

/**
 * When to stop calling a failing service, and for how long.
 *
 * @param failuresToOpen failures in a row, over all calls, that open the breaker
 * @param openFor how long it is open the first time
 * @param longestOpen how long it is open at most
 * @param giveUpAfter how long the service may fail before it is considered down
 */
@RecordBuilder
public record BreakerPolicy(
    int failuresToOpen, Duration openFor, Duration longestOpen, Duration giveUpAfter)
    implements BreakerPolicyBuilder.With {
  /** Opens after 20 failures, for 5 to 60 seconds; gives up after 10 minutes. */
  public static final BreakerPolicy DEFAULTS =
      new BreakerPolicy(20, Duration.ofSeconds(5), Duration.ofSeconds(60), Duration.ofMinutes(10));

  public BreakerPolicy {
    Checks.require(
        failuresToOpen >= 1, "failuresToOpen must be at least 1, but was " + failuresToOpen);
    Checks.requirePositive("openFor", openFor);
    Checks.requirePositive("longestOpen", longestOpen);
    Checks.requirePositive("giveUpAfter", giveUpAfter);
  }
}

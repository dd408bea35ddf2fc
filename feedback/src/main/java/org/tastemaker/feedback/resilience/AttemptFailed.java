package org.tastemaker.feedback.resilience;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.FeedbackException;

/** One attempt of a call did not succeed. */
public final class AttemptFailed extends Exception {
  private static final long serialVersionUID = 1;

  private final FeedbackException failure;
  private final boolean worthRetrying;
  private final boolean serverAtFault;
  private final @Nullable Duration retryAfter;

  private AttemptFailed(
      FeedbackException failure,
      boolean worthRetrying,
      boolean serverAtFault,
      @Nullable Duration retryAfter) {
    super(failure.getMessage(), failure);
    this.failure = Objects.requireNonNull(failure, "failure == null");
    this.worthRetrying = worthRetrying;
    this.serverAtFault = serverAtFault;
    this.retryAfter = retryAfter;
  }

  /**
   * The service answered, and a retry would not change the answer.
   *
   * @param failure thrown to the caller
   * @return not to be retried
   */
  public static AttemptFailed forGood(FeedbackException failure) {
    return new AttemptFailed(failure, false, false, null);
  }

  /**
   * The service asks for a slower pace.
   *
   * @param failure thrown to the caller if no attempt is left
   * @param retryAfter how long it asks to wait, or null if it does not say
   * @return to be retried
   */
  public static AttemptFailed tooFast(FeedbackException failure, @Nullable Duration retryAfter) {
    return new AttemptFailed(failure, true, false, retryAfter);
  }

  /**
   * The service failed, or could not be reached. Counts for the circuit breaker.
   *
   * @param failure thrown to the caller if no attempt is left
   * @param worthRetrying whether another attempt makes sense
   * @param retryAfter how long the service asks to wait, or null if it does not say
   * @return retried if worth it
   */
  public static AttemptFailed server(
      FeedbackException failure, boolean worthRetrying, @Nullable Duration retryAfter) {
    return new AttemptFailed(failure, worthRetrying, true, retryAfter);
  }

  /**
   * The failure for the caller, if no attempt is left.
   *
   * @return the failure
   */
  public FeedbackException failure() {
    return failure;
  }

  /**
   * Whether a retry makes sense.
   *
   * @return true if so
   */
  public boolean isWorthRetrying() {
    return worthRetrying;
  }

  /**
   * Whether the service is at fault.
   *
   * @return true for failures that count for the circuit breaker
   */
  public boolean isServerAtFault() {
    return serverAtFault;
  }

  /**
   * How long the service asks to wait.
   *
   * @return empty where it does not say
   */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}

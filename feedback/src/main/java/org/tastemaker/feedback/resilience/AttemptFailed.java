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
  private final boolean unreachable;
  private final @Nullable Duration retryAfter;

  private AttemptFailed(
      FeedbackException failure,
      boolean worthRetrying,
      boolean serverAtFault,
      boolean unreachable,
      @Nullable Duration retryAfter) {
    super(failure.getMessage(), failure);
    this.failure = Objects.requireNonNull(failure, "failure == null");
    this.worthRetrying = worthRetrying;
    this.serverAtFault = serverAtFault;
    this.unreachable = unreachable;
    this.retryAfter = retryAfter;
  }

  /**
   * The service answered, and a retry would not change the answer.
   *
   * @param failure thrown to the caller
   * @return not to be retried
   */
  public static AttemptFailed forGood(FeedbackException failure) {
    return new AttemptFailed(failure, false, false, false, null);
  }

  /**
   * The service asks for a slower pace.
   *
   * @param failure thrown to the caller if no attempt is left
   * @param retryAfter how long it asks to wait, or null if it does not say
   * @return to be retried
   */
  public static AttemptFailed tooFast(FeedbackException failure, @Nullable Duration retryAfter) {
    return new AttemptFailed(failure, true, false, false, retryAfter);
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
    return new AttemptFailed(failure, worthRetrying, true, false, retryAfter);
  }

  /**
   * No connection to the service could be made. Retried like a failure of the service, but not for
   * long where it has never been reached: then the address may be wrong, or nobody listens there.
   *
   * @param failure thrown to the caller if no attempt is left
   * @return to be retried
   */
  public static AttemptFailed unreachable(FeedbackException failure) {
    return new AttemptFailed(failure, true, true, true, null);
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
   * Whether no connection could be made.
   *
   * @return true if the service has not seen the attempt
   */
  public boolean isUnreachable() {
    return unreachable;
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

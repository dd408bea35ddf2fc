package org.tastemaker.feedback;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/**
 * There is no judgement.
 *
 * <table class="striped">
 * <caption>What each failure affects, and what to do</caption>
 * <thead><tr><th>failure</th><th>{@link #stopsTheJob}</th><th>{@link #isTransient}</th><th>way
 * out</th></tr></thead>
 * <tbody>
 * <tr><td>{@link RateLimited}</td><td>no</td><td>yes</td><td>wait</td></tr>
 * <tr><td>{@link TransportFailed}</td><td>depends</td><td>yes</td><td>try later</td></tr>
 * <tr><td>{@link Pending}</td><td>no</td><td>yes</td><td>wait for the batch</td></tr>
 * <tr><td>{@link QuotaExhausted}</td><td>yes</td><td>no</td><td>pay, or raise the account's
 * limit</td></tr>
 * <tr><td>{@link BudgetExhausted}</td><td>yes</td><td>no</td><td>raise the budget</td></tr>
 * <tr><td>{@link InvalidRequest}</td><td>depends</td><td>no</td><td>fix the settings, or the image</td></tr>
 * <tr><td>{@link Refused}</td><td>no</td><td>no</td><td>ask again, then record as missing</td></tr>
 * <tr><td>{@link MalformedVerdict}</td><td>no</td><td>no</td><td>ask again, then record as missing</td></tr>
 * </tbody>
 * </table>
 *
 * <p>A message says what was expected, what was found, where, and the way out; it never holds a
 * key.
 */
public abstract sealed class FeedbackException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final boolean stopsTheJob;
  private final transient @Nullable Usage usage;

  private FeedbackException(
      String message, @Nullable Throwable cause, boolean stopsTheJob, @Nullable Usage usage) {
    super(Objects.requireNonNull(message, "message == null"), cause);
    this.stopsTheJob = stopsTheJob;
    this.usage = usage;
  }

  private FeedbackException(String message, @Nullable Throwable cause, boolean stopsTheJob) {
    this(message, cause, stopsTheJob, null);
  }

  /**
   * Whether further questions are pointless, because each would fail in the same way.
   *
   * @return true where a job must end; false where only this question is lost
   */
  public final boolean stopsTheJob() {
    return stopsTheJob;
  }

  /**
   * Whether the same question may well be answered at a later time.
   *
   * @return true if the question should stay open rather than be recorded as missing
   */
  public boolean isTransient() {
    return false;
  }

  /**
   * What to tell the judge when the same question is asked again at once. It depends only on what
   * the cache stores of the failure, so it is the same after a restart.
   *
   * @return a text for refusals and malformed answers; empty if another attempt is pointless
   */
  public Optional<String> complaint() {
    return Optional.empty();
  }

  /**
   * What the call cost although there is no judgement: refusals are billed.
   *
   * @return {@link Usage#NONE} where nothing is known
   */
  public final Usage usage() {
    return usage == null ? Usage.NONE : usage;
  }

  /** The service kept asking for a slower pace, and all retries are used up. */
  public static final class RateLimited extends FeedbackException {
    private static final long serialVersionUID = 1;

    private final @Nullable Duration retryAfter;

    /**
     * Makes the exception.
     *
     * @param message what happened, and the way out
     * @param retryAfter how long the service asks to wait, or null where it does not say
     */
    public RateLimited(String message, @Nullable Duration retryAfter) {
      super(message, null, false);
      this.retryAfter = retryAfter;
    }

    /**
     * How long the service asks to wait.
     *
     * @return empty where it does not say
     */
    public Optional<Duration> retryAfter() {
      return Optional.ofNullable(retryAfter);
    }

    @Override
    public boolean isTransient() {
      return true;
    }
  }

  /** The question was handed over, and its answer comes later, such as with a batch. */
  public static final class Pending extends FeedbackException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message what is awaited
     */
    public Pending(String message) {
      super(message, null, false);
    }

    @Override
    public boolean isTransient() {
      return true;
    }
  }

  /** The account at the service has no money or allowance left. */
  public static final class QuotaExhausted extends FeedbackException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message what happened, and the way out
     */
    public QuotaExhausted(String message) {
      super(message, null, true);
    }
  }

  /** The budget that the user of this library has set is spent. */
  public static final class BudgetExhausted extends FeedbackException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message the budget, what was spent, what was asked for, and the way out
     */
    public BudgetExhausted(String message) {
      super(message, null, true);
    }
  }

  /** The judge, or a filter before or behind it, does not want to answer. */
  public static final class Refused extends FeedbackException {
    private static final long serialVersionUID = 1;

    private final String reason;

    /**
     * Makes the exception.
     *
     * @param reason the judge's own words, or the filter's name
     */
    public Refused(String reason) {
      this(reason, Usage.NONE);
    }

    /**
     * Makes the exception.
     *
     * @param reason the judge's own words, or the filter's name
     * @param usage what the refusal cost
     */
    public Refused(String reason, Usage usage) {
      super("the judge refused to answer: " + reason, null, false, usage);
      this.reason = reason;
    }

    /**
     * Why.
     *
     * @return the judge's own words, or the filter's name
     */
    public String reason() {
      return reason;
    }

    @Override
    public Optional<String> complaint() {
      return Optional.of("It was a refusal. Only a comparison is asked for.");
    }
  }

  /** The answer is cut off, has the wrong format, or is not a permutation. */
  public static final class MalformedVerdict extends FeedbackException {
    private static final long serialVersionUID = 1;

    private final String path;

    /**
     * Makes the exception.
     *
     * @param path where in the answer, such as {@code "ranking[2]"}
     * @param message what was expected there, and what was found
     */
    public MalformedVerdict(String path, String message) {
      this(path, message, Usage.NONE);
    }

    /**
     * Makes the exception.
     *
     * @param path where in the answer, such as {@code "ranking[2]"}
     * @param message what was expected there, and what was found
     * @param usage what the answer cost
     */
    public MalformedVerdict(String path, String message, Usage usage) {
      super(message, null, false, usage);
      this.path = Objects.requireNonNull(path, "path == null");
    }

    /**
     * Where in the answer.
     *
     * @return such as {@code "ranking[2]"}
     */
    public String path() {
      return path;
    }

    @Override
    public Optional<String> complaint() {
      String message = getMessage();
      return Optional.of(
          message == null || message.isBlank() ? "It was not in the form asked for." : message);
    }
  }

  /** The service could not be reached, or failed on its side, after all retries. */
  public static final class TransportFailed extends FeedbackException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message what happened, where, and the way out
     * @param cause what the network or the server said, or null
     * @param stopsTheJob whether the service is considered down, rather than only this call lost
     */
    public TransportFailed(String message, @Nullable Throwable cause, boolean stopsTheJob) {
      super(message, cause, stopsTheJob);
    }

    @Override
    public boolean isTransient() {
      return true;
    }
  }

  /** The service does not accept the request, and would not accept it a second time. */
  public static final class InvalidRequest extends FeedbackException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message what the service expected, what it was given, and the way out
     * @param stopsTheJob whether it is about what all questions share (no key, a key that is
     *     refused, an unknown model) and not about this one (an image that is too large)
     */
    public InvalidRequest(String message, boolean stopsTheJob) {
      super(message, null, stopsTheJob);
    }
  }
}

package org.tastemaker.feedback.protocol;

import java.util.Collection;
import java.util.TreeSet;
import org.tastemaker.core.MissingReason;
import org.tastemaker.feedback.FeedbackException;

/**
 * What two failures have in common, whatever their words. Each refusal is in other words, and each
 * malformed answer is another one: they are one kind each, as are failures of the network. Requests
 * that are not accepted are told apart by the server's words.
 */
public final class FailureKinds {
  /** The judge does not want to answer. */
  public static final String REFUSED = "refused";

  /** The answer could not be used. */
  public static final String MALFORMED = "malformed";

  /** The answer is still to come: that is no failure of the judge. */
  public static final String PENDING = "pending";

  private FailureKinds() {}

  /**
   * The kind of a failure.
   *
   * @param failure any
   * @return equal for failures that have the same cause
   */
  public static String of(FeedbackException failure) {
    if (failure instanceof FeedbackException.Refused) {
      return REFUSED;
    }
    if (failure instanceof FeedbackException.MalformedVerdict) {
      return MALFORMED;
    }
    if (failure instanceof FeedbackException.Pending) {
      return PENDING;
    }
    if (failure instanceof FeedbackException.RateLimited) {
      return "rate limit";
    }
    if (failure instanceof FeedbackException.TransportFailed) {
      return "transport";
    }
    return "request: " + MissingReason.kindOf(String.valueOf(failure.getMessage()));
  }

  /** The entry {@link MissingReason#KINDS}. */
  static String of(Collection<FeedbackException> failures) {
    TreeSet<String> kinds = new TreeSet<>();
    failures.forEach(failure -> kinds.add(of(failure)));
    return String.join("\n", kinds);
  }
}

package org.tastemaker.core;

import java.util.List;

/**
 * A judge has answered about none of the groups that it was asked about, for one reason: a run goes
 * no further then, since there is nothing to learn from. Nothing is recorded of those groups.
 */
public final class NothingJudgedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient List<MissingReason> reasons;

  /**
   * Makes the exception.
   *
   * @param message what was asked, why there is no judgement, and the way out
   * @param reasons why judgements are missing
   */
  public NothingJudgedException(String message, List<MissingReason> reasons) {
    super(message);
    this.reasons = List.copyOf(reasons);
  }

  /**
   * Why judgements are missing.
   *
   * @return the most frequent reason first
   */
  public List<MissingReason> reasons() {
    return reasons;
  }
}

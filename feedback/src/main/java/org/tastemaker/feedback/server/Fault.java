package org.tastemaker.feedback.server;

/** A fault of a service. */
public enum Fault {
  /** Status 429 with {@code Retry-After}. */
  RATE_LIMITED_WITH_DELAY(false),
  /** Status 429 without {@code Retry-After}. */
  RATE_LIMITED(false),
  /** Status 429 because the account has no credit. */
  NO_CREDIT(false),
  /** Status 500. */
  SERVER_ERROR(false),
  /** A correct answer, late. */
  SLOW(false),
  /** Status 200, and a body that ends in the middle. */
  TRUNCATED_BODY(false),
  /** The connection ends without an answer. */
  DROPPED(false),
  /** The model refuses to answer. */
  REFUSAL(true),
  /** A filter stops the answer. */
  CONTENT_FILTER(true),
  /** The answer is cut off at its limit of length. */
  CUT_OFF(true),
  /** The answer is not JSON. */
  MALFORMED(true),
  /** The answer names a label twice, or an unknown label, or a number off the scale. */
  WRONG_LABELS(true);

  private final boolean ofTheAnswer;

  Fault(boolean ofTheAnswer) {
    this.ofTheAnswer = ofTheAnswer;
  }

  /**
   * Whether it is a fault of the model rather than of the network: it then depends on the question,
   * and the same question has it every time.
   *
   * @return true for faults of the answer
   */
  public boolean isOfTheAnswer() {
    return ofTheAnswer;
  }
}

package org.tastemaker.feedback.server;

/** A way in which a service misbehaves. */
public enum Fault {
  /** Status 429 with {@code Retry-After}. */
  RATE_LIMITED_WITH_DELAY(false),
  /** Status 429 without a word on when to come back. */
  RATE_LIMITED(false),
  /** Status 429 for want of money, which no waiting mends. */
  NO_CREDIT(false),
  /** Status 500. */
  SERVER_ERROR(false),
  /** A correct answer, late. */
  SLOW(false),
  /** Status 200, and a body that ends in the middle. */
  TRUNCATED_BODY(false),
  /** The connection ends without an answer. */
  DROPPED(false),
  /** The model says that it does not want to answer. */
  REFUSAL(true),
  /** A filter stops the answer. */
  CONTENT_FILTER(true),
  /** The answer is cut off at its limit of length. */
  CUT_OFF(true),
  /** The answer is no JSON. */
  MALFORMED(true),
  /** The answer names a label twice, or one that there is not, or a number off the scale. */
  WRONG_LABELS(true);

  private final boolean ofTheAnswer;

  Fault(boolean ofTheAnswer) {
    this.ofTheAnswer = ofTheAnswer;
  }

  /**
   * Whether it is the model's fault and not the network's: it then belongs to the question, and the
   * same question meets it again.
   *
   * @return true for faults of the answer
   */
  public boolean isOfTheAnswer() {
    return ofTheAnswer;
  }
}

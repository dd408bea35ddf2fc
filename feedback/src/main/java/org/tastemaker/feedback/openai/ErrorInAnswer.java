package org.tastemaker.feedback.openai;

/** An answer of status 200 holds an error in place of an answer. */
final class ErrorInAnswer extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient ApiError error;

  private final boolean free;

  /**
   * An error.
   *
   * @param free whether nothing can be billed, unless the answer says what is: no answer was begun
   */
  ErrorInAnswer(ApiError error, boolean free) {
    super(error.words());
    this.error = error;
    this.free = free;
  }

  boolean isFree() {
    return free;
  }

  ApiError error() {
    return error;
  }
}

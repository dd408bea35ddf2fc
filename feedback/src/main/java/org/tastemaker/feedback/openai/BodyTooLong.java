package org.tastemaker.feedback.openai;

import java.io.IOException;

/** An answer was ended because it has more bytes than are allowed. */
final class BodyTooLong extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * Makes the exception.
   *
   * @param most how many bytes are allowed
   * @param where they were counted
   */
  BodyTooLong(long most, String where) {
    super("the answer has over " + most + " bytes " + where);
  }
}

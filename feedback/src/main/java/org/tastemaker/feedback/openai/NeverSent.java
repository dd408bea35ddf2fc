package org.tastemaker.feedback.openai;

import java.io.IOException;

/** A call ended before any of its request was sent, so that nothing can be billed. */
final class NeverSent extends IOException {
  private static final long serialVersionUID = 1;

  NeverSent(IOException cause) {
    super(cause.getMessage(), cause);
  }
}

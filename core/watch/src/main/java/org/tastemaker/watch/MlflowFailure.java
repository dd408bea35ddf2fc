package org.tastemaker.watch;

import java.time.Duration;
import java.util.Set;

/** A call of MLflow's API that has failed. */
final class MlflowFailure extends Exception {
  /** Of a call that had no answer. */
  static final int UNREACHABLE = 0;

  /** The server is busy, or a proxy before it does not reach it: the call itself may be right. */
  private static final Set<Integer> BUSY = Set.of(UNREACHABLE, 408, 429, 502, 503, 504);

  private static final long serialVersionUID = 1L;

  private final int status;
  private final String code;
  private final Duration after;

  /**
   * A failure.
   *
   * @param message without secrets
   * @param status of HTTP, or {@link #UNREACHABLE}
   * @param code of MLflow, such as {@code RESOURCE_DOES_NOT_EXIST}; empty for none
   * @param after how long the server asks to be left alone
   */
  MlflowFailure(String message, int status, String code, Duration after) {
    super(message);
    this.status = status;
    this.code = code;
    this.after = after;
  }

  /** Whether the same call may succeed later, however long that takes. */
  boolean isBusy() {
    return BUSY.contains(status);
  }

  /** Whether the server failed at this very call: it may succeed if it is repeated a few times. */
  boolean isServerError() {
    return status >= 500 && !isBusy();
  }

  boolean is(String other) {
    return code.equals(other);
  }

  Duration after() {
    return after;
  }
}

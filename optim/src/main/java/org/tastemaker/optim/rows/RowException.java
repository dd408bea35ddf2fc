package org.tastemaker.optim.rows;

/**
 * Bytes that are no row, or a row that does not fit where it has come to. The message says what was
 * expected and found.
 */
public final class RowException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /**
   * An exception.
   *
   * @param message what was expected and found, and where
   */
  public RowException(String message) {
    super(message);
  }

  /**
   * An exception with a cause.
   *
   * @param message what was expected and found, and where
   * @param cause what was thrown
   */
  public RowException(String message, Throwable cause) {
    super(message, cause);
  }
}

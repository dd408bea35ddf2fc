package org.tastemaker.datasets;

/** A page or a column is not what it should be; the message says which and how. */
final class PageException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  PageException(String message) {
    super(message);
  }

  PageException(String message, Throwable cause) {
    super(message, cause);
  }
}

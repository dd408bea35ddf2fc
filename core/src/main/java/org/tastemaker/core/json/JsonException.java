package org.tastemaker.core.json;

/**
 * A text is not JSON, or not the JSON that was expected. The message names the file and the path.
 */
public final class JsonException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  JsonException(String message) {
    super(message);
  }

  JsonException(String message, Throwable cause) {
    super(message, cause);
  }
}

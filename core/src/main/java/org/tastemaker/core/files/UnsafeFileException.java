package org.tastemaker.core.files;

/**
 * A file is larger than its kind may be, is no regular file, or lies outside of the folder that was
 * given. Nothing of it has been used. The message names the file, what was found and the bound.
 */
public final class UnsafeFileException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  UnsafeFileException(String message) {
    super(message);
  }
}

package org.tastemaker.core;

/**
 * An image has more pixels than it may have. The bound is compared with the size in the file's
 * header, before anything is decoded.
 */
public final class UnsafeImageException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  UnsafeImageException(String message) {
    super(message);
  }
}

package org.tastemaker.diffusion.engine.graph;

import java.util.Locale;

/**
 * How many rows and columns of zeros surround an image before a convolution.
 *
 * @param top rows above, at least 0
 * @param bottom rows below, at least 0
 * @param left columns on the left, at least 0
 * @param right columns on the right, at least 0
 */
public record Padding(int top, int bottom, int left, int right) {
  /** No padding. */
  public static final Padding NONE = new Padding(0, 0, 0, 0);

  /**
   * Checks that no side is negative.
   *
   * @param top as above
   * @param bottom as above
   * @param left as above
   * @param right as above
   */
  public Padding {
    if (top < 0 || bottom < 0 || left < 0 || right < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "padding must be at least 0 on every side, but was top %s, bottom %s, left %s, right %s",
              top,
              bottom,
              left,
              right));
    }
  }

  /**
   * The same padding on all four sides.
   *
   * @param size at least 0
   * @return the padding
   */
  public static Padding all(int size) {
    return new Padding(size, size, size, size);
  }
}

package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import java.util.Locale;

/** Element-wise arithmetic on buffers of the same size, and the checks of their sizes. */
final class Elementwise {
  private Elementwise() {}

  /** {@code out = a x + b y} for the elements from {@code start} on. */
  static void combine(
      double a, FloatBuffer x, double b, FloatBuffer y, FloatBuffer out, int start, int length) {
    Segments.forEach(
        1,
        length,
        new FloatBuffer[] {part(x, start, length), part(y, start, length)},
        new FloatBuffer[] {part(out, start, length)},
        null,
        (image, in, to, n) -> {
          sum((float) a, in[0], (float) b, in[1], to[0], n);
          return 0;
        });
  }

  private static void sum(float a, float[] x, float b, float[] y, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a * x[i] + b * y[i];
    }
  }

  /**
   * Checks that three buffers hold the same number of elements, and that it is that of whole
   * images.
   *
   * @return how many elements an image has
   */
  static int imageSize(
      int images, FloatBuffer first, String second, FloatBuffer b, String third, FloatBuffer c) {
    int length = first.remaining();
    requireSize(second, b, length);
    requireSize(third, c, length);
    if (images == 0 ? length != 0 : length == 0 || length % images != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s elements are not a whole number for each of %s images",
              length,
              images));
    }
    return images == 0 ? 0 : length / images;
  }

  /** Checks that a buffer holds as many elements as the others. */
  static void requireSize(String name, FloatBuffer buffer, int expected) {
    if (buffer.remaining() != expected) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must hold %s elements like the others, but holds %s",
              name,
              expected,
              buffer.remaining()));
    }
  }

  private static FloatBuffer part(FloatBuffer buffer, int start, int length) {
    return buffer.slice(buffer.position() + start, length);
  }

  /** The element of an index from the buffer's position on. */
  static double get(FloatBuffer buffer, int i) {
    return buffer.get(buffer.position() + i);
  }
}

package org.tastemaker.diffusion.engine.onednn;

import java.util.Arrays;

/**
 * Shapes, and how they lie in memory here: images [B, C, H, W] with the channels last, that is as
 * [B, H, W, C]; all else as its shape says.
 */
final class Shapes {
  private Shapes() {}

  static boolean isImage(long... shape) {
    return shape.length == 4;
  }

  /** The dimensions in the order in which they lie in memory. */
  static long[] physical(long... shape) {
    return isImage(shape) ? new long[] {shape[0], shape[2], shape[3], shape[1]} : shape.clone();
  }

  /** Where a dimension of the shape is found in {@link #physical}. */
  static int physicalAxis(int axis, int rank) {
    return rank == 4 ? new int[] {0, 3, 1, 2}[axis] : axis;
  }

  /** The distances between neighbours along each dimension of the shape. */
  static long[] strides(long... shape) {
    if (!isImage(shape)) {
      return OneDnn.denseStrides(shape);
    }
    long channels = shape[1];
    return new long[] {shape[2] * shape[3] * channels, 1, shape[3] * channels, channels};
  }

  static long count(long... shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}

package org.tastemaker.diffusion.engine.onednn;

import java.util.Arrays;
import java.util.List;
import org.tastemaker.diffusion.engine.graph.Composite;

/**
 * Shapes, and how they lie in memory here: images [B, C, H, W] with the channels last, that is as
 * [B, H, W, C]; all else as its shape says.
 */
final class Shapes {
  private Shapes() {}

  /** The shape of a layer's output. */
  static long[] output(Composite layer, List<long[]> inputs) {
    long[] x = inputs.get(0).clone();
    switch (layer.kind()) {
      case LINEAR -> x[x.length - 1] = inputs.get(1)[0];
      case CONV2D -> {
        long[] weight = inputs.get(1);
        long stride = (long) layer.attribute("stride");
        x[1] = weight[3];
        x[2] = extent(layer, x[2], "top", "bottom", weight[0], stride);
        x[3] = extent(layer, x[3], "left", "right", weight[1], stride);
      }
      case GEGLU -> x[x.length - 1] /= 2;
      case UPSAMPLE -> {
        x[2] *= 2;
        x[3] *= 2;
      }
      case CONCAT ->
          x[(int) layer.attribute("axis")] += inputs.get(1)[(int) layer.attribute("axis")];
      case SLICE -> x[(int) layer.attribute("axis")] = (long) layer.attribute("size");
      case TO_TOKENS -> {
        return new long[] {x[0], x[2] * x[3], x[1]};
      }
      case TO_IMAGE -> {
        return new long[] {
          x[0], x[2], (long) layer.attribute("height"), (long) layer.attribute("width")
        };
      }
      case EMBEDDING -> {
        return new long[] {x[0], x[1], inputs.get(1)[1]};
      }
      case TIMESTEP_EMBEDDING -> {
        return new long[] {x[0], (long) layer.attribute("size")};
      }
      case GROUP_NORM,
          LAYER_NORM,
          SILU,
          GELU,
          QUICK_GELU,
          ATTENTION,
          ADD,
          ADD_TO_PIXELS,
          ADD_TO_BATCH,
          SCALE,
          MULTIPLY,
          CLAMP -> {
        // As the first input.
      }
    }
    return x;
  }

  private static long extent(
      Composite layer, long size, String before, String after, long kernel, long stride) {
    return (long) (size + layer.attribute(before) + layer.attribute(after) - kernel) / stride + 1;
  }

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

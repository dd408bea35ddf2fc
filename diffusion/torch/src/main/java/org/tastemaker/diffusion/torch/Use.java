package org.tastemaker.diffusion.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.tastemaker.diffusion.engine.graph.Layer;

/** What a layer reads a tensor as, and so the form in which a weight is kept on the device. */
enum Use {
  /** As it is: what flows from layer to layer. */
  FLOW,
  /** In the type of large products. */
  COMPUTE,
  /** In the type of norms. */
  FULL,
  /** A convolution's kernel: [kH, kW, in, out] becomes [out, in, kH, kW], channels last. */
  KERNEL;

  static Use of(Layer layer, int input) {
    return switch (layer.kind()) {
      case LINEAR -> input == 0 ? FLOW : isSmall(layer) ? FULL : COMPUTE;
      case CONV2D -> input == 0 ? FLOW : input == 1 ? KERNEL : COMPUTE;
      case GROUP_NORM, LAYER_NORM -> input == 0 ? FLOW : FULL;
      case ATTENTION -> input < 3 ? FLOW : COMPUTE;
      case EMBEDDING -> input == 0 ? FLOW : COMPUTE;
      default -> FLOW;
    };
  }

  /**
   * Whether a linear layer reads one row for each image: the time embedding and what becomes of it.
   * It costs next to nothing, and its errors reach every pixel, so it stays in float32.
   */
  static boolean isSmall(Layer linear) {
    return linear.inputs().get(0).rank() == 2;
  }

  /** The tensor in this form; the same one if it has it already. */
  Tensor apply(Tensor x, Numbers numbers) {
    return switch (this) {
      case FLOW -> x;
      case COMPUTE -> numbers.compute(x);
      case FULL -> numbers.full(x);
      // First the type, while it is small in memory, then the layout.
      case KERNEL -> numbers.compute(x.permute(3, 2, 0, 1)).contiguous(MemoryFormat.ChannelsLast);
    };
  }
}

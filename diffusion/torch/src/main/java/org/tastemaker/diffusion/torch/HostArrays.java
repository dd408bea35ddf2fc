package org.tastemaker.diffusion.torch;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** ND4J's arrays as tensors of LibTorch, in place. */
final class HostArrays {
  private HostArrays() {}

  /**
   * An array's own memory as a tensor of the CPU, strides and all. The array must outlive it; the
   * caller closes it.
   */
  static Tensor view(INDArray array) {
    try (Pointer address = new Pointer(array.data().addressPointer());
        TensorOptions options = new TensorOptions(type(array.dataType()))) {
      long[] shape = array.shape();
      return shape.length == 0
          ? torch.from_blob(address, new long[0], options)
          : torch.from_blob(address, shape, array.stride(), options);
    }
  }

  /** LibTorch's name for a type of ND4J's. */
  static ScalarType type(DataType type) {
    return switch (type) {
      case FLOAT -> ScalarType.Float;
      case DOUBLE -> ScalarType.Double;
      case INT -> ScalarType.Int;
      case LONG -> ScalarType.Long;
      case HALF -> ScalarType.Half;
      case BFLOAT16 -> ScalarType.BFloat16;
      default -> throw new IllegalArgumentException("no graph has arrays of type " + type);
    };
  }
}

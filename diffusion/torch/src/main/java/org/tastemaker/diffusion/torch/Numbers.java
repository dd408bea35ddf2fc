package org.tastemaker.diffusion.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.diffusion.engine.Precision;

/**
 * The types of a run.
 *
 * @param full of masters, norms, the time embedding, inputs and outputs
 * @param compute of linear layers, convolutions, attention and what lies between them
 */
record Numbers(ScalarType full, ScalarType compute) {
  static Numbers of(DataType type, Precision precision) {
    ScalarType full = HostArrays.type(type);
    return new Numbers(full, precision == Precision.BFLOAT16 ? ScalarType.BFloat16 : full);
  }

  /** A tensor in the type of large products: the same one if it is already. */
  Tensor compute(Tensor x) {
    return cast(x, compute);
  }

  /** A tensor in the type of norms: the same one if it is already. */
  Tensor full(Tensor x) {
    return cast(x, full);
  }

  /** A tensor in another one's type. */
  static Tensor like(Tensor x, Tensor other) {
    return cast(x, other.scalar_type());
  }

  private static Tensor cast(Tensor x, ScalarType type) {
    return x.scalar_type() == type ? x : x.to(type);
  }
}

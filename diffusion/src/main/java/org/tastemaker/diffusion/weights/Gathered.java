package org.tastemaker.diffusion.weights;

import java.nio.ByteBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The elements of a tensor that do not lie one behind the other, put in row-major order. */
final class Gathered {
  private Gathered() {}

  /**
   * Reads a tensor.
   *
   * @param elements from the tensor's first one on
   * @return to be closed by the caller
   */
  static INDArray array(String name, TorchTensor tensor, StoredElements elements, DataType type) {
    int width = type.width();
    if (Math.max(tensor.span(), tensor.count()) > Integer.MAX_VALUE / width) {
      throw new TorchFileException(
          elements.path()
              + ": tensor "
              + SafetensorsHeader.quote(name)
              + " is a view with strides "
              + tensor.strides()
              + " and too large for one; save it with tensor.contiguous()");
    }
    try (INDArray span = elements.array(new long[] {tensor.span()}, type)) {
      INDArray array = Nd4j.createUninitialized(type, tensor.shape().toArray(), 'c');
      gather(
          tensor,
          width,
          StoredElements.memory(span, 0, (int) tensor.span() * width),
          StoredElements.memory(array, 0, (int) tensor.count() * width));
      return array;
    }
  }

  private static void gather(TorchTensor tensor, int width, ByteBuffer from, ByteBuffer to) {
    int rank = tensor.shape().length();
    long[] index = new long[rank];
    int at = 0;
    for (int i = 0; i < tensor.count(); i++) {
      switch (width) {
        case 1 -> to.put(i, from.get(at));
        case 2 -> to.putShort(2 * i, from.getShort(2 * at));
        case 4 -> to.putInt(4 * i, from.getInt(4 * at));
        default -> to.putLong(8 * i, from.getLong(8 * at));
      }
      for (int d = rank - 1; d >= 0; d--) {
        at += (int) tensor.strides().get(d);
        if (++index[d] < tensor.shape().get(d)) {
          break;
        }
        at -= (int) (tensor.strides().get(d) * index[d]);
        index[d] = 0;
      }
    }
  }
}

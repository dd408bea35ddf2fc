package org.tastemaker.diffusion.weights;

import com.google.common.primitives.ImmutableLongArray;

/**
 * One tensor's entry in the header of a safetensors file.
 *
 * @param name the tensor's name, such as {@code conv_in.weight}
 * @param dtype the type of its elements on disk
 * @param shape its dimensions, outermost first; empty for a scalar
 * @param begin the offset of its first byte from the beginning of the data, which follows the
 *     header
 * @param end the offset after its last byte
 */
public record TensorInfo(String name, DType dtype, ImmutableLongArray shape, long begin, long end) {

  /**
   * The number of elements: the product of the dimensions.
   *
   * @return at least 0; 1 for a scalar
   */
  public long length() {
    return (end - begin) / dtype.bytes();
  }
}

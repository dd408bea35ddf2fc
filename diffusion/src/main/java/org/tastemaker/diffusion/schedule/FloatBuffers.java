package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Locale;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** ND4J arrays as {@link FloatBuffer} views, for {@link DenoisingStep}. */
public final class FloatBuffers {
  private FloatBuffers() {}

  /**
   * The elements of an array in their order, without a copy: what is written to the view is written
   * to the array. The view must not be used after the array is closed.
   *
   * @param array of type FLOAT, in 'c' order and contiguous; it may be a view of a larger one
   * @return a view of exactly the array's elements
   * @throws IllegalArgumentException if the array is of another type or layout, or empty
   */
  public static FloatBuffer of(INDArray array) {
    if (array.dataType() != DataType.FLOAT) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "array must be of type FLOAT, but was %s: cast it with castTo(DataType.FLOAT)",
              array.dataType()));
    }
    // ND4J M2.1 gives an empty array for a view of a view whose offset in the whole array lies past
    // the outer view's own length.
    if (array.length() == 0) {
      throw new IllegalArgumentException(
          "array must have elements, but its shape is " + Arrays.toString(array.shape()));
    }
    if (!hasContiguousRows(array)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "array must be contiguous in 'c' order, but has shape %s, strides %s and order '%s': make it so with dup('c')",
              Arrays.toString(array.shape()),
              Arrays.toString(array.stride()),
              array.ordering()));
    }
    // A view shares the whole array's pointer; its address pointer is where the view begins. This
    // copy of that pointer owns no memory and must not be closed: that would free the array.
    FloatPointer elements = new FloatPointer(array.data().addressPointer());
    return elements.capacity(array.length()).asBuffer();
  }

  /** Memory that is not ND4J's, by its address on the host; it must outlive the view. */
  static FloatBuffer at(long address, int length) {
    return new FloatPointer(new Address(address)).capacity(length).asBuffer();
  }

  /** A pointer to memory of someone else's. */
  private static final class Address extends Pointer {
    Address(long address) {
      this.address = address;
    }
  }

  /** Whether the strides are those of a fresh 'c' array; those of dimensions of size 1 are free. */
  private static boolean hasContiguousRows(INDArray array) {
    long expected = 1;
    for (int d = array.rank() - 1; d >= 0; d--) {
      if (array.size(d) != 1 && array.stride(d) != expected) {
        return false;
      }
      expected *= array.size(d);
    }
    return true;
  }
}

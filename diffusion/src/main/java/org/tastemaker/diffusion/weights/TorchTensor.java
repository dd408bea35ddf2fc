package org.tastemaker.diffusion.weights;

import com.google.common.primitives.ImmutableLongArray;

/**
 * A tensor as a view of a storage: element (i, j, ...) is number offset + i stride(0) + j stride(1)
 * + ... of the storage.
 *
 * @param storage of which it is a view
 * @param offset of its first element
 * @param shape its dimensions
 * @param strides one for each dimension
 */
record TorchTensor(
    TorchStorage storage, long offset, ImmutableLongArray shape, ImmutableLongArray strides) {
  /**
   * Checks the view.
   *
   * @throws IllegalArgumentException if it leaves its storage, or has more elements
   */
  TorchTensor {
    if (offset < 0 || shape.length() != strides.length()) {
      throw new IllegalArgumentException(
          "begins at " + offset + " and has " + strides.length() + " strides for shape " + shape);
    }
    try {
      long count = 1;
      long last = offset;
      for (int i = 0; i < shape.length(); i++) {
        if (shape.get(i) < 0 || strides.get(i) < 0) {
          throw new IllegalArgumentException("has shape " + shape + " and strides " + strides);
        }
        count = Math.multiplyExact(count, shape.get(i));
        last =
            Math.addExact(last, Math.multiplyExact(Math.max(0, shape.get(i) - 1), strides.get(i)));
      }
      // More elements than are stored would let a small file ask for any amount of memory.
      if (count > storage.length() || (count > 0 && last >= storage.length())) {
        throw new IllegalArgumentException(
            "has shape "
                + shape
                + ", strides "
                + strides
                + " and offset "
                + offset
                + " in a storage of "
                + storage.length()
                + " elements");
      }
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("has shape " + shape + " and strides " + strides, e);
    }
  }

  long count() {
    return shape.stream().reduce(1, (a, b) -> a * b);
  }

  /** Whether its elements lie one behind the other in row-major order. */
  boolean contiguous() {
    if (count() == 0) {
      return true;
    }
    long expected = 1;
    for (int i = shape.length() - 1; i >= 0; i--) {
      if (shape.get(i) > 1 && strides.get(i) != expected) {
        return false;
      }
      expected *= shape.get(i);
    }
    return true;
  }

  /** How many elements of the storage there are from its first one to its last. */
  long span() {
    if (count() == 0) {
      return 0;
    }
    long last = 0;
    for (int i = 0; i < shape.length(); i++) {
      last += (shape.get(i) - 1) * strides.get(i);
    }
    return last + 1;
  }
}

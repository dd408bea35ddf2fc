package org.tastemaker.diffusion.checkpoint;

/**
 * Where a parameter stands in a checkpoint.
 *
 * @param name of the tensor
 * @param part which of {@code parts} equal parts of its rows, from 0
 * @param parts into how many the rows are divided; 1 for the whole tensor
 * @param transposed whether the tensor is a matrix with rows and columns exchanged
 */
record Place(String name, int part, int parts, boolean transposed) {
  static Place of(String name) {
    return new Place(name, 0, 1, false);
  }

  static Place partOf(String name, int part, int parts) {
    return new Place(name, part, parts, false);
  }

  static Place transposed(String name) {
    return new Place(name, 0, 1, true);
  }
}

package org.tastemaker.diffusion.checkpoint;

/**
 * Where a parameter stands in a checkpoint.
 *
 * @param name of the tensor
 * @param part which of {@code parts} equal parts of its rows, from 0
 * @param parts into how many the rows are divided; 1 for the whole tensor
 */
record Place(String name, int part, int parts) {
  static Place of(String name) {
    return new Place(name, 0, 1);
  }
}

package org.tastemaker.diffusion.checkpoint;

import com.google.common.primitives.ImmutableLongArray;
import java.util.Locale;
import org.tastemaker.diffusion.weights.TensorFile;

/**
 * Sizes of a network by the names and shapes of its tensors.
 *
 * @param file looked at
 * @param what it should be, for messages
 */
record Shapes(TensorFile file, String what) {
  /** How many numbers, from 0, have a tensor of this beginning and end. */
  int count(String start, String end) {
    int count = 0;
    while (file.names().contains(start + count + end)) {
      count++;
    }
    return count;
  }

  long size(String name, int dimension) {
    require(file.names().contains(name), name);
    ImmutableLongArray shape = file.shape(name);
    if (shape.length() <= dimension || shape.get(dimension) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: %s must have a dimension %d, but is %s",
              file.path(),
              name,
              dimension,
              shape));
    }
    return shape.get(dimension);
  }

  void require(boolean there, String part) {
    if (!there) {
      throw new IllegalArgumentException(
          file.path() + " is no whole " + what + ": it lacks " + part);
    }
  }
}

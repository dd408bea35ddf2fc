package org.tastemaker.diffusion.engine.graph;

import com.google.common.primitives.ImmutableLongArray;
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A leaf of a graph or a layer's output.
 *
 * @param name unique in its graph
 * @param dataType of the elements
 * @param shape its shape, every dimension at least 1
 * @param differentiable whether a gradient flows through it: it depends on a trainable parameter or
 *     on an input whose gradient is wanted
 */
public record Tensor(
    String name, DataType dataType, ImmutableLongArray shape, boolean differentiable) {
  /**
   * The number of dimensions.
   *
   * @return the rank
   */
  public int rank() {
    return shape.length();
  }

  /**
   * One dimension's size.
   *
   * @param axis from 0, or from -1 for the last
   * @return the size
   */
  public long dim(int axis) {
    return shape.get(axis < 0 ? rank() + axis : axis);
  }

  /** Checks the shape against a pattern in which -1 stands for any size. */
  void require(String where, String what, long... pattern) {
    boolean same = pattern.length == rank();
    for (int i = 0; same && i < pattern.length; i++) {
      same = pattern[i] == -1 || pattern[i] == dim(i);
    }
    if (!same) {
      String expected = ImmutableLongArray.copyOf(pattern).toString().replace("-1", "any");
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: %s must have shape %s, but \"%s\" has %s",
              where,
              what,
              expected,
              name,
              shape));
    }
  }
}

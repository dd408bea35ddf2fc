package org.tastemaker.diffusion.engine.graph;

import com.google.common.primitives.ImmutableLongArray;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A variable of a graph together with its shape, which SameDiff itself does not know before a run.
 *
 * @param variable the graph's variable
 * @param shape its shape, every dimension at least 1
 * @param differentiable whether a gradient flows through it: it depends on a trainable parameter or
 *     on an input whose gradient is wanted
 */
public record Tensor(SDVariable variable, ImmutableLongArray shape, boolean differentiable) {
  /**
   * The name of the variable.
   *
   * @return the name, unique in its graph
   */
  public String name() {
    return variable.name();
  }

  /**
   * The type of the elements.
   *
   * @return the type
   */
  public DataType dataType() {
    return variable.dataType();
  }

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
          "%s: %s must have shape %s, but \"%s\" has %s"
              .formatted(where, what, expected, name(), shape));
    }
  }
}

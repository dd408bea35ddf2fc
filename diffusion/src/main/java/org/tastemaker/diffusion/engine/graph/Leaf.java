package org.tastemaker.diffusion.engine.graph;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a graph reads and does not compute.
 *
 * @param role what it is, and so when its numbers may change
 * @param tensor its name, type and shape, and whether its gradient is wanted: that of a trainable
 *     parameter always is, that of an input if it was asked for
 * @param array the owner's own array, in C order and not a view, where the numbers are; null for an
 *     input, whose array is given to each run
 */
public record Leaf(Role role, Tensor tensor, @Nullable INDArray array) {
  /** What a leaf is. */
  public enum Role {
    /** Given to each run. */
    INPUT,
    /** A parameter that is trained: it may change in place between any two runs. */
    TRAINABLE,
    /**
     * A parameter that is not trained. What an engine makes of it may be kept until {@link
     * GraphFunction#parametersChanged} is called.
     */
    FROZEN,
    /**
     * An array that is no parameter, such as a mask. Like a trainable parameter it may change in
     * place between any two runs, but it has no gradient.
     */
    CONSTANT
  }

  /**
   * Checks that exactly inputs have no array.
   *
   * @param role as above
   * @param tensor as above
   * @param array as above
   */
  public Leaf {
    if ((role == Role.INPUT) != (array == null)) {
      throw new IllegalArgumentException(
          "\"" + tensor.name() + "\": an input has no array, and any other leaf has one; " + role);
    }
  }
}

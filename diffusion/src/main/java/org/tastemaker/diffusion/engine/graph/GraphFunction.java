package org.tastemaker.diffusion.engine.graph;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A differentiable function of fixed shapes, with parameters that it shares with its owner.
 *
 * <p>Every array that it returns is its own: valid until the next call of the same method or until
 * it is closed, and not to be closed by the caller. Arrays that it is given stay the caller's and
 * may be closed as soon as the call returns. Not thread-safe.
 */
public interface GraphFunction extends AutoCloseable {
  /**
   * Computes the outputs.
   *
   * @param inputs every input by its name, each of exactly the shape and type that the graph was
   *     built for
   * @return every output by its name
   * @throws IllegalArgumentException if an input is missing, unknown or of another shape or type
   */
  Map<String, INDArray> forward(Map<String, INDArray> inputs);

  /**
   * Computes the gradient of {@code sum_o <o, c_o>}, over the outputs {@code o} and their
   * cotangents {@code c_o}, at the inputs of the last {@link #forward}. The parameters must not
   * have changed since.
   *
   * <p>A compiled function returns the same map of the same arrays at each call, so that views of
   * them need to be made once; so does a replayed one, but for the map. A session makes new arrays.
   *
   * @param cotangents for some or all outputs, by the output's name, of its shape and type; a
   *     missing one is zero
   * @return the gradients with respect to every trainable parameter and every differentiable input,
   *     by name
   * @throws IllegalStateException if nothing is differentiable, or before the first forward
   * @throws IllegalArgumentException if a cotangent is unknown or of another shape or type
   */
  Map<String, INDArray> backward(Map<String, INDArray> cotangents);

  /**
   * Says that frozen parameters were changed in place. An implementation may keep what it made from
   * them, such as weights in another layout, until it is told; trainable parameters need no call.
   * Asking a model for the function again says it too.
   */
  default void parametersChanged() {}

  /** Frees every array that the function owns; the parameters are not among them. */
  @Override
  void close();
}

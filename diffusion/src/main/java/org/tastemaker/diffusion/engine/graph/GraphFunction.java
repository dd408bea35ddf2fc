package org.tastemaker.diffusion.engine.graph;

import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A differentiable function of fixed shapes, with parameters that it shares with its owner.
 *
 * <p>The arrays that it returns are owned by it: they are valid until the next call of the same
 * method or until it is closed, and the caller must not close them. Arrays that it is given stay
 * the caller's, who may close them as soon as the call returns. Not thread-safe.
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
   * <p>The map and its arrays may be the same at each call, so that views of them need to be made
   * once, or new ones: the engine says which.
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
   * {@link #backward(Map)} that leaves gradients where the engine computes.
   *
   * @param cotangents as above
   * @param training receives the gradients of the parameters that it holds: they are added to those
   *     that are there
   * @return the other gradients, by name
   * @throws IllegalStateException as above, or if the training is another engine's
   */
  default Map<String, INDArray> backward(
      Map<String, INDArray> cotangents, ResidentTraining training) {
    throw new IllegalStateException(
        "the training state is in the memory of another engine than the function's, which is a "
            + getClass().getSimpleName()
            + ": run all that is trained on one engine");
  }

  /**
   * Says that frozen parameters were changed in place. An engine may keep what it made from them,
   * such as weights in another layout, until this is called; trainable parameters need no call. A
   * model calls it whenever it hands out a function again.
   */
  default void parametersChanged() {}

  /**
   * The function where the engine keeps its inputs and outputs, if it can be run there.
   *
   * @return the same one at each call; empty if the engine reads and writes the callers' arrays
   *     alone, or runs on several devices
   */
  default Optional<Residence> residence() {
    return Optional.empty();
  }

  /** Frees every array that the function owns; the parameters are not among them. */
  @Override
  void close();
}

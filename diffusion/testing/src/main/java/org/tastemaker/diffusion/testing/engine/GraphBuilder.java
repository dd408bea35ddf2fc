package org.tastemaker.diffusion.testing.engine;

import java.util.Map;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** Builds a graph: the same one for values of the same seed. */
@FunctionalInterface
public interface GraphBuilder {
  /**
   * Adds the layers.
   *
   * @param ops receives them
   * @param values of the parameters, and of the inputs that a run will be given
   * @return the outputs by name
   */
  Map<String, Tensor> build(Ops ops, Values values);
}

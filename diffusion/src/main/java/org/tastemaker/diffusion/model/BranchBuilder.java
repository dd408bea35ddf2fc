package org.tastemaker.diffusion.model;

import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** What an adapter's branch is built with. */
public interface BranchBuilder {
  /**
   * The layers without parameters of their own.
   *
   * @return the graph's builder
   */
  Ops ops();

  /**
   * A parameter that is not the network's own.
   *
   * @param source where it comes from
   * @param name of the parameter, which no parameter of the network has
   * @return the parameter, trainable if the function's options say so; the same at each call
   */
  Tensor parameter(Parameters source, String name);
}

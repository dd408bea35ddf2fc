package org.tastemaker.diffusion.model;

import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Adds a branch to linear layers and convolutions of its choice, as a low-rank adapter does. While
 * a graph is built the network asks it at every such layer, and knows nothing else of it.
 */
@FunctionalInterface
public interface Adapter {
  /** Adapts nothing. */
  Adapter NONE = site -> null;

  /**
   * The branch of one layer.
   *
   * @param site the layer
   * @return the branch, or null to leave the layer alone
   */
  @Nullable Branch branch(Site site);

  /**
   * A layer that can be adapted.
   *
   * @param path of the module, such as {@code mid_block.attentions.0.proj_in}
   * @param weight describes its weight: its kind says whether the layer is linear or a convolution,
   *     its shape the sizes
   * @param stride of a convolution; 1 for a linear layer
   * @param padding of a convolution; none for a linear layer
   */
  record Site(String path, ParameterSpec weight, int stride, Padding padding) {}

  /** Adds to a layer's output. */
  @FunctionalInterface
  interface Branch {
    /**
     * Builds the branch.
     *
     * @param builder makes the branch's layers and brings in its parameters
     * @param input of the layer
     * @param output of the layer
     * @return what takes the output's place, of its shape
     */
    Tensor apply(BranchBuilder builder, Tensor input, Tensor output);
  }
}

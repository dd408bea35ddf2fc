package org.tastemaker.diffusion.engine.onednn;

import java.util.Set;

/**
 * How a graph is compiled.
 *
 * @param stock the names of layers that ND4J's ops run even if there is a kernel
 * @param halves whether large products are computed in bfloat16
 * @param checkpoints whether memory is spared at the price of time: the activations within a block
 *     are computed again for its gradients, and frozen weights are brought into the formats of
 *     convolutions at each run
 */
record CompilerOptions(Set<String> stock, boolean halves, boolean checkpoints) {
  /** Everything by kernels, in float32, and what gradients need is kept. */
  static final CompilerOptions PLAIN = new CompilerOptions(Set.of(), false, false);

  CompilerOptions {
    stock = Set.copyOf(stock);
  }
}

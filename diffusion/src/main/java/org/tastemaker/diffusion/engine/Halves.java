package org.tastemaker.diffusion.engine;

import java.util.Optional;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;

/** What engines that read weights in single precision alone say of others. */
public final class Halves {
  private Halves() {}

  /**
   * Why such an engine cannot run a graph.
   *
   * @param graph whose weights are looked at
   * @return the reason; empty if none of them is of half precision
   */
  public static Optional<String> whyNot(GraphDefinition graph) {
    return graph.hasHalves()
        ? Optional.of(
            "weights are in half precision in memory, which only the engine \"torch\" reads: load"
                + " the model without halfInMemory, or put it on that engine")
        : Optional.empty();
  }
}

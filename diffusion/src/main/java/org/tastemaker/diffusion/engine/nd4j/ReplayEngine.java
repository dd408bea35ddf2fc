package org.tastemaker.diffusion.engine.nd4j;

import java.util.Optional;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Halves;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * {@code replay}: libnd4j's own ops, one after the other. The reference that faster engines are
 * compared with; it runs every graph, wherever ND4J runs.
 */
public final class ReplayEngine implements Engine {
  /** For the service loader. */
  public ReplayEngine() {}

  @Override
  public String name() {
    return "replay";
  }

  @Override
  public int priority() {
    return 10;
  }

  @Override
  public Optional<String> whyNot() {
    return Optional.empty();
  }

  @Override
  public Optional<String> whyNot(GraphDefinition graph) {
    return Halves.whyNot(graph);
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    return new ReplayFunction(graph);
  }
}

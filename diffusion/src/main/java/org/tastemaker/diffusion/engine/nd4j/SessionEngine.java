package org.tastemaker.diffusion.engine.nd4j;

import java.util.Optional;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Halves;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/** {@code session}: SameDiff's own session, for comparison. It is used only where it is named. */
public final class SessionEngine implements Engine {
  /** For the service loader. */
  public SessionEngine() {}

  @Override
  public String name() {
    return "session";
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
    return new SessionFunction(graph);
  }
}

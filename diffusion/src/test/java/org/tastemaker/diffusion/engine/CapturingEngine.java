package org.tastemaker.diffusion.engine;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/** Replays, and shows the graph that it was given last. */
public final class CapturingEngine implements Engine {
  private final Engine replay = Engines.named("replay");
  private @Nullable GraphDefinition graph;

  @Override
  public String name() {
    return "capturing";
  }

  @Override
  public Optional<String> whyNot() {
    return Optional.empty();
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    this.graph = graph;
    return replay.create(graph);
  }

  /** The latest graph. */
  public GraphDefinition graph() {
    if (graph == null) {
      throw new AssertionError("no function was made");
    }
    return graph;
  }
}

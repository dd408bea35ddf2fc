package org.tastemaker.benchmarks;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/** Replays, and keeps the graph that it was given last. */
final class RecordingEngine implements Engine {
  private @Nullable GraphDefinition graph;

  @Override
  public String name() {
    return "recording";
  }

  @Override
  public Optional<String> whyNot() {
    return Optional.empty();
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    this.graph = graph;
    return Engines.named("replay").create(graph);
  }

  GraphDefinition graph() {
    if (graph == null) {
      throw new IllegalStateException("no function was made yet");
    }
    return graph;
  }
}

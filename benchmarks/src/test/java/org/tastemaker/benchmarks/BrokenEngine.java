package org.tastemaker.benchmarks;

import com.google.common.collect.ImmutableMap;
import java.util.Optional;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Leaf;

/** Replays with the first weight of each graph 1 % too large. */
final class BrokenEngine implements Engine {
  @Override
  public String name() {
    return "broken";
  }

  @Override
  public Optional<String> whyNot() {
    return Optional.empty();
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    ImmutableMap.Builder<String, Leaf> leaves = ImmutableMap.builder();
    boolean broken = false;
    for (var entry : graph.leaves().entrySet()) {
      Leaf leaf = entry.getValue();
      if (!broken && leaf.array() != null && leaf.array().dataType().isFPType()) {
        leaf = new Leaf(leaf.role(), leaf.tensor(), leaf.array().mul(1.01));
        broken = true;
      }
      leaves.put(entry.getKey(), leaf);
    }
    return Engines.named("replay")
        .create(
            new GraphDefinition(
                graph.dataType(), leaves.buildOrThrow(), graph.layers(), graph.outputs()));
  }
}

package org.tastemaker.diffusion.engine;

import java.util.Optional;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/** An engine that cannot run on any machine. */
public final class AbsentEngine implements Engine {
  @Override
  public String name() {
    return "absent";
  }

  @Override
  public Optional<String> whyNot() {
    return Optional.of("there is no abacus");
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    throw new AssertionError("not to be asked");
  }
}

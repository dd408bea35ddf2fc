package org.tastemaker.diffusion.engine.onednn;

import java.util.Optional;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * Divides the batches that can be divided, whatever machine the tests run on.
 *
 * @param processors what the plan is made for
 */
record Divided(int processors) implements Engine {
  @Override
  public String name() {
    return "divided";
  }

  @Override
  public Optional<String> whyNot() {
    return Optional.empty();
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    BatchPlan plan = BatchPlan.of(graph, processors);
    Optional<DividedFunction> divided =
        plan.isWhole()
            ? Optional.empty()
            : DividedFunction.compile(
                graph, plan, CompilerOptions.PLAIN, new SharedWeights(), null);
    return divided.isPresent()
        ? divided.get()
        : new CompiledFunction(graph, CompilerOptions.PLAIN, new SharedWeights(), null);
  }
}

package org.tastemaker.diffusion.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Layer;

/**
 * Compiles, with some layers left to the stock ops, and holds that these and no others are run by
 * them: beside those that are asked for, group norms of what is no image.
 *
 * @param asked the names of the layers
 */
record StockLayers(Set<String> asked) implements Engine {
  @Override
  public String name() {
    return "stock layers";
  }

  @Override
  public Optional<String> whyNot() {
    return Optional.empty();
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    CompiledFunction function =
        new CompiledFunction(
            graph, new CompilerOptions(asked, false, false), new SharedWeights(), null);
    assertThat(function.stockLayers()).isEqualTo(expected(graph));
    return function;
  }

  private Set<String> expected(GraphDefinition graph) {
    Set<String> expected = new HashSet<>(asked);
    graph.layers().stream()
        .filter(layer -> layer.kind() == Layer.Kind.GROUP_NORM)
        .filter(layer -> layer.output().shape().length() != 4)
        .forEach(layer -> expected.add(layer.name()));
    return expected;
  }
}

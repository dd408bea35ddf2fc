package org.tastemaker.diffusion.engine;

import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/** An engine from elsewhere on the class path: every number that it gives is 42. */
public final class FakeEngine implements Engine {
  @Override
  public String name() {
    return "fake";
  }

  @Override
  public Optional<String> whyNot() {
    return Optional.empty();
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    return new GraphFunction() {
      @Override
      public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
        return Map.of("out", Nd4j.scalar(42f));
      }

      @Override
      public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
        return Map.of();
      }

      @Override
      public void close() {}
    };
  }
}

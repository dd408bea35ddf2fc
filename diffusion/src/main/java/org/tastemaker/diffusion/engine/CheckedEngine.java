package org.tastemaker.diffusion.engine;

import com.google.common.collect.ImmutableList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;

/** An engine whose functions check what they are given. */
record CheckedEngine(Engine engine) implements Engine {
  @Override
  public String name() {
    return engine.name();
  }

  @Override
  public int priority() {
    return engine.priority();
  }

  @Override
  public Optional<String> notice() {
    return engine.notice();
  }

  @Override
  public Optional<String> whyNot() {
    return engine.whyNot();
  }

  @Override
  public Optional<String> whyNot(GraphDefinition graph) {
    return engine.whyNot(graph);
  }

  @Override
  public Engine on(Placement placement) {
    return new CheckedEngine(engine.on(placement));
  }

  @Override
  public Optional<ResidentTraining> train(ImmutableList<INDArray> parameters, boolean averages) {
    return engine.train(parameters, averages);
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    return create(graph, List.of());
  }

  @Override
  public GraphFunction create(GraphDefinition graph, Collection<GraphFunction> siblings) {
    engine
        .whyNot()
        .ifPresent(
            why -> {
              throw new IllegalStateException(
                  "the engine \"" + name() + "\" cannot run here: " + why);
            });
    engine
        .whyNot(graph)
        .ifPresent(
            why -> {
              throw new IllegalArgumentException(
                  "the engine \"" + name() + "\" cannot run this graph: " + why);
            });
    return new CheckedFunction(
        graph, engine.create(graph, siblings.stream().map(CheckedFunction::unchecked).toList()));
  }

  @Override
  public String toString() {
    return name();
  }
}

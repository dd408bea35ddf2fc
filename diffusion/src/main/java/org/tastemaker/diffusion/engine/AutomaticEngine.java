package org.tastemaker.diffusion.engine;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;

/** Gives each graph to the first engine that can run it. */
record AutomaticEngine(ImmutableList<Engine> candidates) implements Engine {
  static final String NAME = "auto";

  private static final Logger LOG = LoggerFactory.getLogger(AutomaticEngine.class);

  AutomaticEngine(Collection<Engine> engines) {
    this(
        engines.stream()
            .filter(engine -> engine.priority() > 0)
            .sorted(Comparator.comparingInt(Engine::priority).reversed())
            .collect(ImmutableList.toImmutableList()));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Optional<String> whyNot() {
    return candidates.stream().anyMatch(engine -> engine.whyNot().isEmpty())
        ? Optional.empty()
        : Optional.of(reasons(Engine::whyNot));
  }

  /** The first choice cannot run: the next one is slower. */
  @Override
  public Optional<String> notice() {
    return candidates.stream()
        .findFirst()
        .flatMap(
            first ->
                first
                    .whyNot()
                    .map(
                        why ->
                            "the engine \""
                                + first.name()
                                + "\" cannot run, so graphs run several times slower: "
                                + why));
  }

  @Override
  public Optional<String> whyNot(GraphDefinition graph) {
    return candidates.stream().anyMatch(engine -> whyNot(engine, graph).isEmpty())
        ? Optional.empty()
        : Optional.of(reasons(engine -> whyNot(engine, graph)));
  }

  /** The engines that can do as it says; those that cannot are no candidates any more. */
  @Override
  public Engine on(Placement placement) {
    List<Engine> able = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    for (Engine engine : candidates) {
      try {
        able.add(engine.on(placement));
      } catch (IllegalArgumentException e) {
        reasons.add(e.getMessage());
      }
    }
    if (able.isEmpty()) {
      throw new IllegalArgumentException(
          "no engine computes as "
              + placement
              + ": "
              + String.join("; ", reasons)
              + "; the jar tastemaker-torch brings an engine for GPUs and bfloat16");
    }
    return new AutomaticEngine(able); // in order again: it may be another one there
  }

  /** Of the engine that is the first choice for any graph. */
  @Override
  public Optional<ResidentTraining> train(ImmutableList<INDArray> parameters, boolean averages) {
    return candidates.stream()
        .filter(engine -> engine.whyNot().isEmpty())
        .findFirst()
        .flatMap(engine -> engine.train(parameters, averages));
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    return create(graph, List.of());
  }

  @Override
  public GraphFunction create(GraphDefinition graph, Collection<GraphFunction> siblings) {
    for (Engine engine : candidates) {
      Optional<String> why = whyNot(engine, graph);
      if (why.isEmpty()) {
        return engine.create(graph, siblings);
      }
      LOG.debug("not \"{}\": {}", engine.name(), why.get());
    }
    throw new IllegalStateException(reasons(engine -> whyNot(engine, graph)));
  }

  private static Optional<String> whyNot(Engine engine, GraphDefinition graph) {
    return engine.whyNot().or(() -> engine.whyNot(graph));
  }

  private String reasons(Function<Engine, Optional<String>> whyNot) {
    return candidates.stream()
        .map(engine -> engine.name() + ": " + whyNot.apply(engine).orElse("can"))
        .collect(Collectors.joining("; ", "no engine can run it: ", ""));
  }
}

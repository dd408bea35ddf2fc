package org.tastemaker.diffusion.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;

class EnginesTest {
  private static GraphDefinition graph(DataType type) {
    Ops ops = new Ops(type);
    return GraphDefinition.of(ops, Map.of("out", ops.silu("act", ops.input("x", false, 3))));
  }

  /** An engine that replays under another name. */
  private static Engine engine(
      String name, int priority, Optional<String> whyNot, Optional<String> whyNotThisGraph) {
    return new Engine() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public int priority() {
        return priority;
      }

      @Override
      public Optional<String> whyNot() {
        return whyNot;
      }

      @Override
      public Optional<String> whyNot(GraphDefinition graph) {
        return whyNotThisGraph;
      }

      @Override
      public GraphFunction create(GraphDefinition graph) {
        if (!whyNot.isEmpty() || !whyNotThisGraph.isEmpty()) {
          throw new AssertionError(name + " was asked for what it cannot do");
        }
        return new Named(name);
      }
    };
  }

  /** A function that knows whose it is. */
  private record Named(String engine) implements GraphFunction {
    @Override
    public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
      throw new IllegalStateException(engine);
    }

    @Override
    public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
      return Map.of();
    }

    @Override
    public void close() {}
  }

  private static void assertRuns(Engine engine, String expected) {
    try (GraphFunction function = engine.create(graph(DataType.FLOAT))) {
      assertThatIllegalStateException()
          .isThrownBy(() -> function.forward(Map.of("x", Nd4j.create(DataType.FLOAT, 3))))
          .withMessage(expected);
    }
  }

  @Test
  void anEngineOnTheClassPathIsFoundByItsName() {
    assertThat(Engines.names()).contains("onednn", "replay", "session", "fake", "absent");
    try (GraphFunction function = Engines.named("fake").create(graph(DataType.FLOAT))) {
      assertThat(
              requireNonNull(
                      function.forward(Map.of("x", Nd4j.create(DataType.FLOAT, 3))).get("out"))
                  .getFloat(0))
          .isEqualTo(42);
    }
  }

  @Test
  void anUnknownNameIsAnErrorThatListsWhatThereIsAndWhyNot() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Engines.named("torch"))
        .withMessageStartingWith("there is no engine \"torch\"; there are auto, ")
        .withMessageContainingAll(
            "onednn", "replay", "session", "fake", "absent (cannot run here: there is no abacus)");
  }

  @Test
  void anEngineThatCannotRunHereIsAnErrorThatSaysWhy() {
    assertThatIllegalStateException()
        .isThrownBy(() -> Engines.named("absent"))
        .withMessageStartingWith(
            "the engine \"absent\" cannot run here: there is no abacus; there are auto, ");
    assertThatIllegalStateException()
        .isThrownBy(() -> Engines.checked(new AbsentEngine()).create(graph(DataType.FLOAT)))
        .withMessage("the engine \"absent\" cannot run here: there is no abacus");
  }

  @Test
  void aGraphThatANamedEngineCannotRunIsAnError() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Engines.named("onednn").create(graph(DataType.DOUBLE)))
        .withMessage(
            "the engine \"onednn\" cannot run this graph: it computes in FLOAT, not in DOUBLE");
  }

  @Test
  void autoTakesTheHighestPriorityThatCanRunTheGraph() {
    Optional<String> can = Optional.empty();
    Engines engines =
        new Engines(
            List.of(
                engine("slow", 1, can, can),
                engine("named only", 0, can, can),
                engine("elsewhere", 4, Optional.of("not here"), can),
                engine("other graphs", 3, can, Optional.of("not this one")),
                engine("fast", 2, can, can)));
    assertRuns(engines.automatic(), "fast");
    assertRuns(engines.get("auto"), "fast");
    assertRuns(engines.get("slow"), "slow");
    assertRuns(engines.get("named only"), "named only");
  }

  @Test
  void autoCompilesFloatsAndReplaysDoubles() {
    try (GraphFunction floats = Engines.auto().create(graph(DataType.FLOAT));
        GraphFunction doubles = Engines.auto().create(graph(DataType.DOUBLE))) {
      assertThat(floats).hasToString("CompiledFunction, checked");
      assertThat(doubles).hasToString("ReplayFunction, checked");
    }
  }

  @Test
  void autoElsewhereTakesTheFirstOfTheOrderThere() {
    Optional<String> can = Optional.empty();
    Engine everywhere = engine("everywhere", 2, can, can);
    Engine fastOnGpus =
        new Engine() {
          @Override
          public String name() {
            return "gpu";
          }

          @Override
          public int priority() {
            return 3;
          }

          @Override
          public Optional<String> whyNot() {
            return can;
          }

          @Override
          public Engine on(Placement placement) {
            return engine("gpu's on the CPU", 1, can, can);
          }

          @Override
          public GraphFunction create(GraphDefinition graph) {
            return new Named(name());
          }
        };
    Engine auto = new Engines(List.of(everywhere, fastOnGpus)).automatic();
    assertRuns(auto, "gpu");
    assertRuns(auto.on(Placement.of("cpu", "float32")), "everywhere");
  }

  @Test
  void autoSaysWhyEachOfThemCannot() {
    Optional<String> can = Optional.empty();
    Engines engines =
        new Engines(
            List.of(
                engine("a", 2, Optional.of("not here"), can),
                engine("b", 1, can, Optional.of("not this graph"))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> engines.automatic().create(graph(DataType.FLOAT)))
        .withMessageContainingAll("a: not here", "b: not this graph");
  }

  @Test
  void twoEnginesOfOneNameAreAnError() {
    assertThatIllegalStateException()
        .isThrownBy(() -> new Engines(List.of(new FakeEngine(), new FakeEngine())))
        .withMessage(
            "the name of the engine org.tastemaker.diffusion.engine.FakeEngine, \"fake\", is taken"
                + " by org.tastemaker.diffusion.engine.FakeEngine");
  }

  @Test
  void handlesOfOneNameAreEqualAndThoseOfOthersAreNot() {
    // A model finds its functions by their options, and those hold the engine.
    assertThat(Engines.named("replay")).isEqualTo(Engines.named("replay"));
    assertThat(Engines.auto()).isEqualTo(Engines.named("auto")).hasToString("auto");
    assertThat(Engines.named("replay")).isNotEqualTo(Engines.auto()).hasToString("replay");
    assertThat(Engines.checked(Engines.auto())).isEqualTo(Engines.auto());
  }
}

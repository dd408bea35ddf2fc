package org.tastemaker.diffusion.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** What every engine's functions are spared: calls that no graph can answer. */
class EngineChecksTest {
  private final INDArray weight = Nd4j.ones(DataType.FLOAT, 2, 3);
  private final INDArray x = Nd4j.ones(DataType.FLOAT, 4, 3);
  private final INDArray cotangent = Nd4j.ones(DataType.FLOAT, 4, 2);

  static Stream<Engine> engines() {
    return Stream.concat(
        Engines.names().stream().filter(name -> !name.equals("absent")).map(Engines::named),
        Stream.of(Engines.auto()));
  }

  /** [4, 3] to [4, 2]. */
  private GraphDefinition linear(boolean trainable) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor in = ops.input("x", false, 4, 3);
    Tensor out = ops.linear("layer", in, ops.parameter("weight", weight, trainable), null);
    return GraphDefinition.of(ops, Map.of("out", out));
  }

  @ParameterizedTest
  @MethodSource("engines")
  void inputsAreExactlyThoseOfTheGraph(Engine engine) {
    try (GraphFunction function = engine.create(linear(true))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(Map.of()))
          .withMessage("the inputs must be exactly [x], but were []");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(Map.of("x", x, "weight", weight)))
          .withMessageStartingWith("the inputs must be exactly [x], but were [")
          .withMessageContaining("weight");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void inputsHaveTheShapeAndTypeOfTheGraph(Engine engine) {
    try (GraphFunction function = engine.create(linear(true))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(Map.of("x", weight)))
          .withMessage("input \"x\" must be FLOAT [4, 3], but was FLOAT [2, 3]");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(Map.of("x", x.castTo(DataType.DOUBLE))))
          .withMessage("input \"x\" must be FLOAT [4, 3], but was DOUBLE [4, 3]");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void anIdOutsideItsTableIsRejected(Engine engine) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor table = ops.parameter("table", Nd4j.ones(DataType.FLOAT, 4, 8), false);
    Tensor out = ops.embedding("words", ops.intInput("ids", 1, 3), table);
    try (GraphFunction function = engine.create(GraphDefinition.of(ops, Map.of("out", out)))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(ids(0, 4, 1)))
          .withMessage("input \"ids\": ids must be in [0, 4), but are between 0 and 4");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(ids(0, 3, -1)))
          .withMessage("input \"ids\": ids must be in [0, 4), but are between -1 and 3");
      assertThat(function.forward(ids(0, 3, 0))).containsOnlyKeys("out");
    }
  }

  private static Map<String, INDArray> ids(int... ids) {
    return Map.of("ids", Nd4j.createFromArray(new int[][] {ids}));
  }

  @ParameterizedTest
  @MethodSource("engines")
  void cotangentsBelongToOutputsAndHaveTheirShape(Engine engine) {
    try (GraphFunction function = engine.create(linear(true))) {
      function.forward(Map.of("x", x));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.backward(Map.of("y", cotangent)))
          .withMessage("cotangents must belong to the outputs [out], but were for [y]");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.backward(Map.of("out", x)))
          .withMessage("cotangent \"out\" must be FLOAT [4, 2], but was FLOAT [4, 3]");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void aGradientNeedsAForwardRun(Engine engine) {
    try (GraphFunction function = engine.create(linear(true))) {
      assertThatIllegalStateException()
          .isThrownBy(() -> function.backward(Map.of("out", cotangent)))
          .withMessageContaining("call forward first");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void aGradientNeedsSomethingDifferentiable(Engine engine) {
    try (GraphFunction function = engine.create(linear(false))) {
      function.forward(Map.of("x", x));
      assertThatIllegalStateException()
          .isThrownBy(() -> function.backward(Map.of("out", cotangent)))
          .withMessageContaining("nothing in this graph is differentiable");
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void aClosedFunctionRunsNoMoreAndCanBeClosedAgain(Engine engine) {
    GraphFunction function = engine.create(linear(true));
    function.forward(Map.of("x", x));
    function.close();
    function.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> function.forward(Map.of("x", x)))
        .withMessage("the function is closed");
    assertThatIllegalStateException()
        .isThrownBy(() -> function.backward(Map.of()))
        .withMessage("the function is closed");
    assertThat(weight.getFloat(0)).isOne(); // The parameters are not the function's.
  }

  @Test
  void anEngineIsGivenItsOwnFunctionsAsSiblings() {
    SiblingsEngine engine = new SiblingsEngine();
    Engine checked = Engines.checked(engine);
    GraphFunction one = checked.create(linear(true));
    GraphFunction unused = checked.create(linear(true), List.of(one));
    assertThat(engine.siblings()).containsExactly(List.of(), engine.made().subList(0, 1));
  }

  @Test
  void theAutomaticChoiceIsGivenThemToo() {
    SiblingsEngine engine = new SiblingsEngine();
    Engine auto = new Engines(List.of(engine)).automatic();
    GraphFunction one = auto.create(linear(true));
    GraphFunction unused = auto.create(linear(true), List.of(one));
    assertThat(engine.siblings()).containsExactly(List.of(), engine.made().subList(0, 1));
  }
}

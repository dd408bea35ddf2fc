package org.tastemaker.diffusion.testing.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.testing.NativeMemory;

/**
 * What a function owes its caller: when changed weights are seen, what stays valid, what is refused
 * and what is freed.
 */
public abstract class FunctionContract extends EngineContract {
  private static final long[] IMAGE = {2, 8, 6, 6};

  private final Values values = new Values(11);
  private final INDArray weight = values.array(0.1, 3, 3, 8, 8);
  private final INDArray x = values.array(1, IMAGE);
  private final INDArray cotangent = values.array(1, IMAGE);

  /** For subclasses. */
  protected FunctionContract() {}

  /**
   * A program whose main method calls {@link MemoryUse#print}, to be run in a process of its own.
   *
   * @return the class
   */
  protected abstract Class<?> memoryProgram();

  /** A convolution, then a SiLU. */
  private GraphDefinition graph(boolean trainable) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor w = ops.parameter("weight", weight, trainable);
    Tensor h = ops.conv2d("conv", ops.input("x", trainable, IMAGE), w, null, 1, Padding.all(1));
    return GraphDefinition.of(ops, Map.of("out", ops.silu("act", h)));
  }

  private GraphFunction create(GraphDefinition graph) {
    return Engines.checked(engine()).create(graph);
  }

  private INDArray run(GraphFunction function) {
    return requireNonNull(function.forward(Map.of("x", x)).get("out"));
  }

  private INDArray expected(boolean trainable) {
    try (GraphFunction replay = Engines.named("replay").create(graph(trainable))) {
      return run(replay).dup();
    }
  }

  private static INDArray weightGradient(GraphFunction function, Map<String, INDArray> cotangents) {
    return requireNonNull(function.backward(cotangents).get("weight"));
  }

  private void assertClose(INDArray actual, INDArray expected) {
    Comparison.assertClose(Map.of("out", actual), Map.of("out", expected), bounds().forward());
  }

  /** The numbers themselves: ND4J's own equals forgives small differences. */
  private static float[] floats(INDArray array) {
    return array.dup('c').data().asFloat();
  }

  @Test
  void trainableParameterChangedInPlaceIsSeen() {
    try (GraphFunction function = create(graph(true))) {
      run(function);
      weight.muli(-2);
      assertClose(run(function), expected(true));
    }
  }

  @Test
  void gradientsAreThoseOfTheParametersAsTheyAreNow() {
    try (GraphFunction function = create(graph(true));
        GraphFunction replay = Engines.named("replay").create(graph(true))) {
      run(function);
      function.backward(Map.of("out", cotangent));
      weight.muli(-2);
      run(function);
      run(replay);
      Comparison.assertClose(
          function.backward(Map.of("out", cotangent)),
          replay.backward(Map.of("out", cotangent)),
          bounds().gradient());
    }
  }

  @Test
  void frozenParameterChangedInPlaceIsSeenWhenTold() {
    try (GraphFunction function = create(graph(false))) {
      run(function);
      weight.muli(-2);
      function.parametersChanged();
      assertClose(run(function), expected(false));
    }
  }

  @Test
  void constantFilledAnewIsSeen() {
    Ops ops = new Ops(DataType.FLOAT);
    INDArray mask = values.array(1, IMAGE);
    Tensor product = ops.multiply("f", ops.input("x", false, IMAGE), ops.constant("mask", mask));
    try (GraphFunction function = create(GraphDefinition.of(ops, Map.of("out", product)))) {
      run(function);
      mask.muli(3);
      assertClose(run(function), x.mul(mask));
    }
  }

  @Test
  void functionsShareWeights() {
    try (GraphFunction trained = create(graph(true));
        GraphFunction frozen = create(graph(false))) {
      run(trained);
      run(frozen);
      weight.addi(weightGradient(trained, Map.of("out", cotangent)));
      frozen.parametersChanged();
      assertClose(run(frozen), run(trained));
    }
  }

  @Test
  void theParametersStayAsTheyAre() {
    float[] before = floats(weight);
    try (GraphFunction function = create(graph(true))) {
      run(function);
      function.backward(Map.of("out", cotangent));
    }
    assertThat(floats(weight)).isEqualTo(before);
  }

  @Test
  void backwardOverwritesNothingThatTheNextOneNeeds() {
    try (GraphFunction function = create(graph(true))) {
      run(function);
      float[] first = floats(weightGradient(function, Map.of("out", cotangent)));
      function.backward(Map.of("out", values.array(1, IMAGE)));
      assertThat(floats(weightGradient(function, Map.of("out", cotangent)))).isEqualTo(first);
    }
  }

  @Test
  void resultsAreTheSameToTheLastBit() {
    try (GraphFunction one = create(graph(true));
        GraphFunction other = create(graph(true))) {
      for (int i = 0; i < 5; i++) {
        assertThat(floats(run(one))).isEqualTo(floats(run(other)));
        assertThat(floats(weightGradient(one, Map.of("out", cotangent))))
            .isEqualTo(floats(weightGradient(other, Map.of("out", cotangent))));
      }
    }
  }

  @Test
  void anImagesResultIsThatOfItsOwnInputsWhateverRanBefore() {
    try (GraphFunction function = create(graph(true))) {
      float[] first = floats(run(function));
      function.forward(Map.of("x", values.array(1, IMAGE)));
      function.backward(Map.of("out", cotangent));
      assertThat(floats(run(function))).isEqualTo(first);
    }
  }

  @Test
  void missingCotangentIsZero() {
    try (GraphFunction function = create(graph(true))) {
      run(function);
      function.backward(Map.of("out", cotangent));
      Map<String, INDArray> gradients = function.backward(Map.of());
      assertThat(gradients).containsOnlyKeys("weight", "x");
      gradients
          .values()
          .forEach(gradient -> assertThat(gradient.norm2Number().doubleValue()).isZero());
    }
  }

  @Test
  void outputsOutliveBackward() {
    try (GraphFunction function = create(graph(true))) {
      INDArray out = run(function);
      float[] copy = floats(out);
      function.backward(Map.of("out", cotangent));
      assertThat(floats(out)).isEqualTo(copy);
    }
  }

  @Test
  void gradientsOutliveForward() {
    try (GraphFunction function = create(graph(true))) {
      run(function);
      INDArray gradient = weightGradient(function, Map.of("out", cotangent));
      float[] copy = floats(gradient);
      function.forward(Map.of("x", values.array(1, IMAGE)));
      assertThat(floats(gradient)).isEqualTo(copy);
    }
  }

  @Test
  void inputsAndCotangentsMayBeClosedAfterTheCall() {
    try (GraphFunction function = create(graph(true))) {
      run(function);
      float[] expected = floats(weightGradient(function, Map.of("out", cotangent)));
      INDArray input = x.dup();
      function.forward(Map.of("x", input));
      input.assign(Double.NaN);
      input.close();
      INDArray given = cotangent.dup();
      INDArray gradient = weightGradient(function, Map.of("out", given));
      given.assign(Double.NaN);
      given.close();
      assertThat(floats(gradient)).isEqualTo(expected);
    }
  }

  @Test
  void viewsAndOtherOrdersAreInputsToo() {
    try (GraphFunction function = create(graph(false))) {
      float[] expected = floats(run(function));
      INDArray turned = x.permute(3, 2, 1, 0).dup('c').permute(3, 2, 1, 0);
      for (INDArray other : new INDArray[] {turned, x.dup('f')}) {
        INDArray out = requireNonNull(function.forward(Map.of("x", other)).get("out"));
        assertThat(floats(out)).isEqualTo(expected);
      }
    }
  }

  @Test
  void viewsAndOtherOrdersAreCotangentsToo() {
    try (GraphFunction function = create(graph(true))) {
      run(function);
      float[] expected = floats(weightGradient(function, Map.of("out", cotangent)));
      INDArray turned = cotangent.permute(3, 2, 1, 0).dup('c').permute(3, 2, 1, 0);
      for (INDArray other : new INDArray[] {turned, cotangent.dup('f')}) {
        assertThat(floats(weightGradient(function, Map.of("out", other)))).isEqualTo(expected);
      }
    }
  }

  @Test
  void thousandsOfCallsLeaveTheMemoryFlat() throws IOException, InterruptedException {
    // Each call's four arrays hold 16 KB each: one of them lost at each call was seen as 80 MB.
    NativeMemory.assertFlat(memoryProgram(), 16L << 20);
  }

  @Test
  void closedFunctionIsRefused() {
    GraphFunction function = create(graph(true));
    run(function);
    function.close();
    function.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> run(function))
        .withMessage("the function is closed");
    assertThatIllegalStateException()
        .isThrownBy(() -> function.backward(Map.of()))
        .withMessage("the function is closed");
    assertThat(weight.getFloat(0)).isFinite(); // The parameters are not the function's.
  }

  @Test
  void badCallsAreRefused() {
    try (GraphFunction function = create(graph(true));
        GraphFunction inference = create(graph(false))) {
      assertThatIllegalStateException()
          .isThrownBy(() -> function.backward(Map.of()))
          .withMessageContaining("call forward first");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(Map.of()))
          .withMessage("the inputs must be exactly [x], but were []");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(Map.of("x", weight)))
          .withMessage("input \"x\" must be FLOAT [2, 8, 6, 6], but was FLOAT [3, 3, 8, 8]");
      run(function);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.backward(Map.of("y", cotangent)))
          .withMessage("cotangents must belong to the outputs [out], but were for [y]");
      run(inference);
      assertThatIllegalStateException()
          .isThrownBy(() -> inference.backward(Map.of("out", cotangent)))
          .withMessageContaining("nothing in this graph is differentiable");
    }
  }

  @Test
  void idOutsideTheTableIsRefused() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor table = ops.parameter("table", values.array(1, 4, 8), false);
    Tensor out = ops.embedding("words", ops.intInput("ids", 1, 3), table);
    try (GraphFunction function = create(GraphDefinition.of(ops, Map.of("out", out)))) {
      INDArray ids = Nd4j.createFromArray(new int[][] {{0, 4, 1}});
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(Map.of("ids", ids)))
          .withMessage("input \"ids\": ids must be in [0, 4), but are between 0 and 4");
    }
  }
}

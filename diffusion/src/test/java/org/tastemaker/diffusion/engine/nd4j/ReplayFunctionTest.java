package org.tastemaker.diffusion.engine.nd4j;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GradientCheck;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

class ReplayFunctionTest {
  private static final long[] IMAGE = {2, 4, 3, 3};

  private final Ops ops = new Ops(DataType.DOUBLE);
  private final INDArray weight = GradientCheck.random(Seed.of(1), 3, 3, 4, 4);
  private final INDArray bias = GradientCheck.random(Seed.of(2), 4);
  private final INDArray image = GradientCheck.random(Seed.of(3), IMAGE);
  private final INDArray cotangent = GradientCheck.random(Seed.of(4), IMAGE);
  private final GraphDefinition definition = block();
  private final GraphFunction function = Engines.named("replay").create(definition);

  /** A residual block with two outputs, an input with a gradient and an unused parameter. */
  private GraphDefinition block() {
    Tensor x = ops.input("x", true, IMAGE);
    Tensor w = ops.parameter("w", weight, true);
    Tensor b = ops.parameter("b", bias, true);
    ops.parameter("unused", Nd4j.ones(DataType.DOUBLE, 5), true);
    Tensor h = ops.groupNorm("norm", x, b, b, 2, 1e-5);
    Tensor a = ops.silu("act", h);
    Tensor c = ops.conv2d("conv", a, w, b, 1, Padding.all(1));
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("sum", ops.add("add", c, x));
    outputs.put("activation", a);
    return GraphDefinition.of(ops, outputs);
  }

  @AfterEach
  void close() {
    function.close();
  }

  private static INDArray get(Map<String, INDArray> arrays, String name) {
    return requireNonNull(arrays.get(name), name);
  }

  private static void assertSame(INDArray actual, INDArray expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    // The same ops in the same order: equal but for the order of sums over threads.
    assertThat(actual.dup('c').data().asDouble())
        .containsExactly(expected.dup('c').data().asDouble(), within(1e-10));
  }

  @Test
  void resultsAreThoseOfSameDiffsSession() {
    Map<String, INDArray> forward = function.forward(Map.of("x", image));
    Map<String, INDArray> gradients = function.backward(Map.of("sum", cotangent));

    Nd4jGraph graph = Nd4jGraph.of(definition);
    Backward backward = requireNonNull(graph.backward());
    Map<String, INDArray> placeholders = new LinkedHashMap<>();
    placeholders.put("x", image);
    placeholders.put("add/out" + Backward.COTANGENT, cotangent);
    placeholders.put("act/out" + Backward.COTANGENT, Nd4j.zeros(DataType.DOUBLE, IMAGE));
    Map<String, String> wanted = new LinkedHashMap<>();
    for (String leaf : List.of("x", "w", "b")) {
      wanted.put(leaf, requireNonNull(backward.gradients().get(leaf)));
    }
    List<String> names = new ArrayList<>(wanted.values());
    names.add("add/out");
    Map<String, INDArray> session = graph.sameDiff().output(placeholders, names);

    assertSame(get(forward, "sum"), get(session, "add/out"));
    wanted.forEach((leaf, name) -> assertSame(get(gradients, leaf), get(session, name)));
  }

  @Test
  void gradientsOfSeveralOutputsAreRight() {
    // The bound is explained there.
    assertThat(GradientCheck.errors(function, definition, Map.of("x", image)))
        .containsOnlyKeys("x", "w", "b", "unused")
        .allSatisfy((leaf, error) -> assertThat(error).as(leaf).isLessThan(GradientCheck.BOUND));
  }

  @Test
  void secondRunGivesTheSameAsTheFirst() {
    INDArray first = get(function.forward(Map.of("x", image)), "sum").dup();
    INDArray gradient = get(function.backward(Map.of("sum", cotangent)), "w").dup();
    INDArray other = GradientCheck.random(Seed.of(9), IMAGE);
    function.forward(Map.of("x", other));
    function.backward(Map.of("sum", other));

    assertSame(get(function.forward(Map.of("x", image)), "sum"), first);
    assertSame(get(function.backward(Map.of("sum", cotangent)), "w"), gradient);
  }

  @Test
  void backwardCanBeRepeatedForOneForward() {
    function.forward(Map.of("x", image));
    INDArray first = get(function.backward(Map.of("sum", cotangent)), "w").dup();
    function.backward(Map.of("activation", cotangent));
    assertSame(get(function.backward(Map.of("sum", cotangent)), "w"), first);
  }

  @Test
  void outputsOutliveBackwardAndGradientsOutliveForward() {
    INDArray out = get(function.forward(Map.of("x", image)), "sum");
    INDArray outBefore = out.dup();
    INDArray gradient = get(function.backward(Map.of("sum", cotangent)), "w");
    assertSame(out, outBefore);
    INDArray gradientBefore = gradient.dup();
    function.forward(Map.of("x", cotangent));
    assertSame(gradient, gradientBefore);
  }

  @Test
  void inputsMayBeClosedAfterTheCall() {
    INDArray mine = image.dup();
    function.forward(Map.of("x", mine));
    mine.close();
    INDArray gradient = get(function.backward(Map.of("sum", cotangent)), "w").dup();
    function.forward(Map.of("x", image));
    assertSame(get(function.backward(Map.of("sum", cotangent)), "w"), gradient);
  }

  @Test
  void changeOfAParameterInPlaceIsSeen() {
    INDArray before = get(function.forward(Map.of("x", image)), "sum").dup();
    weight.addi(1);
    INDArray after = get(function.forward(Map.of("x", image)), "sum").dup();
    assertThat(after.sub(before).norm2Number().doubleValue()).isGreaterThan(1);
    weight.subi(1);
    // Adding 1 and taking it away again rounds the weight to about 1e-16.
    assertSame(get(function.forward(Map.of("x", image)), "sum"), before);
  }

  @Test
  void twoGraphsShareAParameter() {
    Ops other = new Ops(DataType.DOUBLE);
    Tensor w = other.parameter("w", weight, false);
    Tensor x = other.input("x", false, 1, 4, 5, 5);
    Tensor out = other.conv2d("conv", x, w, null, 1, Padding.all(1));
    try (GraphFunction second = new ReplayFunction(GraphDefinition.of(other, Map.of("out", out)))) {
      weight.assign(0);
      INDArray ones = Nd4j.ones(DataType.DOUBLE, 1, 4, 5, 5);
      assertThat(get(second.forward(Map.of("x", ones)), "out").sumNumber().doubleValue()).isZero();
    }
  }

  @Test
  void gradientOfAnUnusedParameterIsZero() {
    function.forward(Map.of("x", image));
    INDArray gradient = get(function.backward(Map.of("sum", cotangent)), "unused");
    assertThat(gradient.dup().data().asDouble()).containsExactly(0, 0, 0, 0, 0);
  }

  /**
   * After the warm-up the function holds all its arrays: 300 more rounds of a graph whose arrays
   * are 2 MB each, some 30 of them, would take gigabytes if any was made anew and not freed. 64 MB
   * are left for the JVM's own growth (compiled code, garbage collector).
   */
  @Test
  void memoryStaysFlat() {
    Ops large = new Ops(DataType.FLOAT);
    long[] shape = {4, 16, 64, 64};
    Tensor x = large.input("x", true, shape);
    INDArray ones = Nd4j.ones(DataType.FLOAT, 16);
    Tensor scale = large.parameter("scale", ones, true);
    Tensor h = large.silu("act", large.groupNorm("norm", x, scale, scale, 4, 1e-5));
    Tensor out = large.add("add", h, x);
    try (GraphFunction many = new ReplayFunction(GraphDefinition.of(large, Map.of("out", out)));
        INDArray input = Nd4j.ones(DataType.FLOAT, shape)) {
      long before = 0;
      for (int i = 0; i < 220; i++) {
        if (i == 20) {
          before = Pointer.physicalBytes();
        }
        many.forward(Map.of("x", input));
        many.backward(Map.of("out", input));
      }
      assertThat(Pointer.physicalBytes() - before).isLessThan(64 << 20);
    }
  }

  @Test
  void missingInputIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> function.forward(Map.of()))
        .withMessage("the inputs must be exactly [x], but were []");
  }

  @Test
  void inputOfAnotherShapeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> function.forward(Map.of("x", bias)))
        .withMessage("input \"x\" must be DOUBLE [2, 4, 3, 3], but was DOUBLE [4]");
  }

  @Test
  void inputOfAnotherTypeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> function.forward(Map.of("x", Nd4j.ones(DataType.FLOAT, IMAGE))))
        .withMessageContaining("must be DOUBLE [2, 4, 3, 3], but was FLOAT");
  }

  @Test
  void unknownCotangentIsNamed() {
    function.forward(Map.of("x", image));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> function.backward(Map.of("out", cotangent)))
        .withMessage("cotangents must belong to the outputs [sum, activation], but were for [out]");
  }

  @Test
  void backwardBeforeForwardIsRefused() {
    assertThatIllegalStateException()
        .isThrownBy(() -> function.backward(Map.of("sum", cotangent)))
        .withMessageContaining("call forward first");
  }

  @Test
  void backwardWithoutDifferentiableLeavesIsRefused() {
    Ops frozen = new Ops(DataType.DOUBLE);
    Tensor out = frozen.silu("act", frozen.input("x", false, IMAGE));
    try (GraphFunction forwardOnly =
        Engines.named("replay").create(GraphDefinition.of(frozen, Map.of("out", out)))) {
      forwardOnly.forward(Map.of("x", image));
      assertThatIllegalStateException()
          .isThrownBy(() -> forwardOnly.backward(Map.of("out", cotangent)))
          .withMessageContaining("build it with a trainable parameter");
    }
  }

  @Test
  void closedFunctionIsRefused() {
    function.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> function.forward(Map.of("x", image)))
        .withMessage("the function is closed");
  }

  @Test
  void graphWithoutOutputsIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GraphDefinition.of(new Ops(DataType.FLOAT), Map.of()))
        .withMessage("a graph needs at least one output");
  }
}

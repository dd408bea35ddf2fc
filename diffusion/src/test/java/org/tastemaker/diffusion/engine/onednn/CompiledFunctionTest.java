package org.tastemaker.diffusion.engine.onednn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.engine.onednn.Comparison.Values;

class CompiledFunctionTest {
  private static final long[] IMAGE = {2, 8, 6, 6};

  private final Values values = new Values(11);
  private final INDArray weight = values.array(0.1, 3, 3, 8, 8);
  private final INDArray x = values.array(1, IMAGE);
  private final INDArray cotangent = values.array(1, IMAGE);

  /** A convolution, then a SiLU. */
  private GraphDefinition graph(boolean trainable) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor w = ops.parameter("weight", weight, trainable);
    Tensor h = ops.conv2d("conv", ops.input("x", trainable, IMAGE), w, null, 1, Padding.all(1));
    return GraphDefinition.of(ops, Map.of("out", ops.silu("act", h)));
  }

  private static GraphFunction create(GraphDefinition graph) {
    return Engines.named("onednn").create(graph);
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

  /** The bound is {@link Comparison#FORWARD}'s. */
  private static void assertClose(INDArray actual, INDArray expected) {
    Comparison.assertClose(Map.of("out", actual), Map.of("out", expected), Comparison.FORWARD);
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
  void backwardOverwritesNothingThatTheNextOneNeeds() {
    try (GraphFunction function = create(graph(true))) {
      run(function);
      INDArray first = weightGradient(function, Map.of("out", cotangent)).dup();
      function.backward(Map.of("out", values.array(1, IMAGE)));
      assertThat(weightGradient(function, Map.of("out", cotangent))).isEqualTo(first);
    }
  }

  @Test
  void resultsAreTheSameToTheLastBit() {
    try (GraphFunction one = create(graph(true));
        GraphFunction other = create(graph(true))) {
      for (int i = 0; i < 5; i++) {
        assertThat(run(one).data().asFloat()).containsExactly(run(other).data().asFloat());
        assertThat(weightGradient(one, Map.of("out", cotangent)).data().asFloat())
            .containsExactly(weightGradient(other, Map.of("out", cotangent)).data().asFloat());
      }
    }
  }

  @Test
  void missingCotangentIsZero() {
    try (GraphFunction function = create(graph(true))) {
      run(function);
      function.backward(Map.of("out", cotangent));
      INDArray gradient = weightGradient(function, Map.of());
      assertThat(gradient.norm2Number().doubleValue()).isZero();
    }
  }

  @Test
  void outputsOutliveBackward() {
    try (GraphFunction function = create(graph(true))) {
      INDArray out = run(function);
      INDArray copy = out.dup();
      function.backward(Map.of("out", cotangent));
      assertThat(out).isEqualTo(copy);
    }
  }

  @Test
  void viewsAndOtherOrdersAreInputsToo() {
    try (GraphFunction function = create(graph(false))) {
      INDArray expected = run(function).dup();
      INDArray turned = x.permute(3, 2, 1, 0).dup('c').permute(3, 2, 1, 0);
      assertThat(function.forward(Map.of("x", turned)).get("out")).isEqualTo(expected);
      assertThat(function.forward(Map.of("x", x.dup('f'))).get("out")).isEqualTo(expected);
    }
  }

  @Test
  void stepsAllocateNothingThatGrows() {
    try (GraphFunction function = create(graph(true))) {
      Map<String, INDArray> inputs = Map.of("x", x);
      Map<String, INDArray> cotangents = Map.of("out", cotangent);
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long thread = Thread.currentThread().getId();
      for (int i = 0; i < 100; i++) {
        function.forward(inputs);
        function.backward(cotangents);
      }
      long physical = Pointer.physicalBytes();
      long heap = threads.getThreadAllocatedBytes(thread);
      for (int i = 0; i < 500; i++) {
        function.forward(inputs);
        function.backward(cotangents);
      }
      // Measured: 600 bytes a step. 10 KB is the promise.
      assertThat((threads.getThreadAllocatedBytes(thread) - heap) / 500).isLessThan(10_000);
      // One array of 2.3 KB or 3 KB for each output and gradient lost would be 4.5 MB; the rest of
      // the process (compiler threads, garbage collector) moves by a few.
      assertThat(Pointer.physicalBytes() - physical).isLessThan(64L << 20);
    }
  }

  @Test
  void gradientsOfFrozenLayersAreNotComputed() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor frozen = ops.parameter("frozen", weight, false);
    Tensor h = ops.conv2d("first", ops.input("x", false, IMAGE), frozen, null, 1, Padding.all(1));
    Tensor tokens =
        ops.toTokens("tokens", ops.conv2d("second", h, frozen, null, 1, Padding.all(1)));
    Tensor y = ops.linear("trained", tokens, ops.parameter("w", values.array(1, 3, 8), true), null);
    AtomicLong clock = new AtomicLong();
    try (CompiledFunction function =
        new CompiledFunction(
            GraphDefinition.of(ops, Map.of("out", y)), Set.of(), clock::incrementAndGet)) {
      function.forward(Map.of("x", x));
      function.backward(Map.of("out", values.array(1, 2, 36, 3)));
      assertThat(function.profile().byKind())
          .extracting(Profile.Entry::what)
          .contains("LINEAR backward")
          .doesNotContain("CONV2D backward");
    }
  }

  @Test
  void profileCanBeRead() {
    AtomicLong clock = new AtomicLong();
    try (CompiledFunction function =
        new CompiledFunction(graph(true), Set.of(), () -> clock.addAndGet(1_000_000))) {
      run(function);
      function.backward(Map.of("out", cotangent));
      Profile profile = function.profile();
      assertThat(profile.runs()).isEqualTo(2);
      assertThat(profile.slowest(10)).extracting(Profile.Entry::what).contains("SILU act");
      assertThat(profile.shareOutsideSteps()).isBetween(0.0, 1.0);
      assertThat(profile.arenaBytes()).isEqualTo(function.arenaBytes()).isPositive();
      assertThat(profile.toString())
          .startsWith("2 runs, ")
          .contains("CONV2D backward", "outside kernels", "arena");
      profile.reset();
      assertThat(profile.byKind()).isEmpty();
    }
  }

  @Test
  void anEngineThatTimesItsFunctionsShowsTheirProfiles() {
    AtomicLong clock = new AtomicLong();
    List<Profile> profiles = new ArrayList<>();
    Engine engine = Engines.checked(OneDnnEngine.profiled(clock::incrementAndGet, profiles::add));
    try (GraphFunction function = engine.create(graph(true))) {
      run(function);
      assertThat(profiles).hasSize(1);
      assertThat(profiles.get(0).runs()).isEqualTo(1);
    }
  }

  @Test
  void profileOfAnUntimedFunctionIsRefused() {
    try (CompiledFunction function = new CompiledFunction(graph(true), Set.of(), null)) {
      assertThatThrownBy(function::profile)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no clock");
    }
  }

  @Test
  void closedFunctionIsRefused() {
    GraphFunction function = create(graph(true));
    run(function);
    function.close();
    function.close();
    assertThatThrownBy(() -> run(function))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the function is closed");
    assertThatThrownBy(() -> function.backward(Map.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the function is closed");
    assertThat(weight.getFloat(0)).isFinite(); // The parameters are not the function's.
  }

  @Test
  void badCallsAreRefused() {
    try (GraphFunction function = create(graph(true));
        GraphFunction inference = create(graph(false))) {
      assertThatThrownBy(() -> function.backward(Map.of()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("call forward first");
      assertThatThrownBy(() -> function.forward(Map.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the inputs must be exactly [x], but were []");
      assertThatThrownBy(() -> function.forward(Map.of("x", weight)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("input \"x\" must be FLOAT [2, 8, 6, 6], but was FLOAT [3, 3, 8, 8]");
      run(function);
      assertThatThrownBy(() -> function.backward(Map.of("y", cotangent)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("cotangents must belong to the outputs [out], but were for [y]");
      run(inference);
      assertThatThrownBy(() -> inference.backward(Map.of("out", cotangent)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("nothing in this graph is differentiable");
    }
  }

  @Test
  void idOutsideTheTableIsRefused() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor table = ops.parameter("table", values.array(1, 4, 8), false);
    Tensor out = ops.embedding("words", ops.intInput("ids", 1, 3), table);
    try (GraphFunction function = create(GraphDefinition.of(ops, Map.of("out", out)))) {
      INDArray ids = Nd4j.createFromArray(new int[][] {{0, 4, 1}});
      assertThatThrownBy(() -> function.forward(Map.of("ids", ids)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("input \"ids\": ids must be in [0, 4), but are between 0 and 4");
    }
  }

  @Test
  void everyLayerCanRunOnStockOps() {
    try (CompiledFunction function =
        new CompiledFunction(graph(true), Set.of("conv", "act"), null)) {
      assertClose(run(function), expected(true));
    }
  }
}

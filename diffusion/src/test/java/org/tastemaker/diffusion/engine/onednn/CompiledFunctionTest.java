package org.tastemaker.diffusion.engine.onednn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** What is this engine's own; what it shares with others is in the module diffusion/testing. */
class CompiledFunctionTest {
  private static final long[] TOKENS = {2, 4, 8};
  private static final long[] IMAGE = {2, 8, 6, 6};

  private final INDArray weight = values(1, 0.1, 3, 3, 8, 8);
  private final INDArray x = values(2, 1, IMAGE);
  private final INDArray cotangent = values(3, 1, IMAGE);

  private static INDArray values(int seed, double scale, long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    float[] noise = new float[(int) array.length()];
    Seed.of(seed).gaussian(0, noise);
    for (int i = 0; i < noise.length; i++) {
      array.data().put(i, scale * noise[i]);
    }
    return array;
  }

  /** A convolution, then a SiLU. */
  private GraphDefinition graph(boolean trainable) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor w = ops.parameter("weight", weight, trainable);
    Tensor h = ops.conv2d("conv", ops.input("x", trainable, IMAGE), w, null, 1, Padding.all(1));
    return GraphDefinition.of(ops, Map.of("out", ops.silu("act", h)));
  }

  private INDArray run(GraphFunction function) {
    return requireNonNull(function.forward(Map.of("x", x)).get("out"));
  }

  @Test
  void stepsAllocateNextToNothing() {
    try (GraphFunction function = Engines.named("onednn").create(graph(true))) {
      Map<String, INDArray> inputs = Map.of("x", x);
      Map<String, INDArray> cotangents = Map.of("out", cotangent);
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long thread = Thread.currentThread().getId();
      for (int i = 0; i < 100; i++) {
        function.forward(inputs);
        function.backward(cotangents);
      }
      long heap = threads.getThreadAllocatedBytes(thread);
      for (int i = 0; i < 500; i++) {
        function.forward(inputs);
        function.backward(cotangents);
      }
      // Measured: 600 bytes a step. 10 KB is the promise.
      assertThat((threads.getThreadAllocatedBytes(thread) - heap) / 500).isLessThan(10_000);
    }
  }

  @Test
  void constantsLiveAsLongAsTheFunction() {
    WeakReference<DataBuffer> unused = new WeakReference<>(values(2, 1, 4).data());
    List<WeakReference<DataBuffer>> constants = new ArrayList<>();
    try (GraphFunction function = withConstant(constants);
        INDArray tokens = values(2, 1, TOKENS)) {
      for (int i = 0; i < 100 && unused.get() != null; i++) {
        System.gc();
      }
      assertThat(unused.get()).as("what nobody refers to was collected").isNull();
      assertThat(constants).singleElement().extracting(WeakReference::get).isNotNull();
      assertThat(function.forward(Map.of("x", tokens))).containsKey("out");
    }
  }

  /** Only the graph refers to the constant, whose memory is freed with it. */
  private static GraphFunction withConstant(List<WeakReference<DataBuffer>> constants) {
    INDArray constant = values(1, 1, TOKENS);
    constants.add(new WeakReference<>(constant.data()));
    Ops ops = new Ops(DataType.FLOAT);
    Tensor room = ops.constant("room", constant);
    Tensor all = ops.concat("all", 1, room, ops.input("x", false, TOKENS));
    return Engines.named("onednn").create(GraphDefinition.of(ops, Map.of("out", all)));
  }

  @Test
  void gradientsOfFrozenLayersAreNotComputed() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor frozen = ops.parameter("frozen", weight, false);
    Tensor h = ops.conv2d("first", ops.input("x", false, IMAGE), frozen, null, 1, Padding.all(1));
    Tensor tokens =
        ops.toTokens("tokens", ops.conv2d("second", h, frozen, null, 1, Padding.all(1)));
    Tensor y = ops.linear("trained", tokens, ops.parameter("w", values(4, 1, 3, 8), true), null);
    AtomicLong clock = new AtomicLong();
    try (CompiledFunction function =
        new CompiledFunction(
            GraphDefinition.of(ops, Map.of("out", y)),
            CompilerOptions.PLAIN,
            new SharedWeights(),
            clock::incrementAndGet)) {
      function.forward(Map.of("x", x));
      function.backward(Map.of("out", values(5, 1, 2, 36, 3)));
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
        new CompiledFunction(
            graph(true),
            CompilerOptions.PLAIN,
            new SharedWeights(),
            () -> clock.addAndGet(1_000_000))) {
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
    try (CompiledFunction function =
        new CompiledFunction(graph(true), CompilerOptions.PLAIN, new SharedWeights(), null)) {
      assertThatThrownBy(function::profile)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no clock");
    }
  }

  @Test
  void everyLayerCanRunOnStockOps() {
    try (GraphFunction stock =
            new CompiledFunction(
                graph(true),
                new CompilerOptions(Set.of("conv", "act"), false, false),
                new SharedWeights(),
                null);
        GraphFunction replay = Engines.named("replay").create(graph(true))) {
      // The same ops.
      assertThat(run(stock).data().asFloat()).containsExactly(run(replay).data().asFloat());
    }
  }
}

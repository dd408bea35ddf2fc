package org.tastemaker.diffusion.engine.onednn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** What is a divided function's own; what it shares with others is in diffusion/testing. */
class DividedGraphTest {
  private static final long[] IMAGE = {5, 8, 6, 6};

  private final INDArray frozen = values(1, 3, 3, 8, 8);
  private final INDArray trained = values(2, 3, 3, 8, 8);
  private final INDArray x = values(3, IMAGE);
  private final INDArray cotangent = values(4, IMAGE);
  private final DividedFunction function = divided(graph());

  private static INDArray values(int seed, long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    float[] noise = new float[(int) array.length()];
    Seed.of(seed).gaussian(0, noise);
    for (int i = 0; i < noise.length; i++) {
      array.data().put(i, .2 * noise[i]);
    }
    return array;
  }

  /** A frozen convolution, a SiLU, a convolution that is trained. */
  private GraphDefinition graph() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor first = ops.parameter("frozen", frozen, false);
    Tensor h = ops.conv2d("first", ops.input("x", true, IMAGE), first, null, 1, Padding.all(1));
    Tensor second = ops.parameter("trained", trained, true);
    Tensor y = ops.conv2d("second", ops.silu("act", h), second, null, 1, Padding.all(1));
    return GraphDefinition.of(ops, Map.of("out", y));
  }

  private static DividedFunction divided(GraphDefinition graph) {
    return DividedFunction.compile(
            graph,
            new BatchPlan(List.of(2L, 3L), 2, 1),
            CompilerOptions.PLAIN,
            new SharedWeights(),
            null)
        .orElseThrow();
  }

  @AfterEach
  void close() {
    function.close();
  }

  private static float[] out(GraphFunction function, INDArray x) {
    return requireNonNull(function.forward(Map.of("x", x)).get("out")).dup().data().asFloat();
  }

  @Test
  void elementsAreInTheirOrder() {
    try (CompiledFunction whole =
        new CompiledFunction(graph(), CompilerOptions.PLAIN, new SharedWeights(), null)) {
      float[] expected = out(whole, x);
      float[] actual = out(function, x);
      for (int i = 0; i < expected.length; i++) {
        // Sums of 72 products of about .04, in another order: some units in the last place of 1.
        assertThat(actual[i]).isCloseTo(expected[i], within(2e-6f));
      }
    }
  }

  @Test
  void gradientsOfParametersAreSumsOverAllParts() {
    try (CompiledFunction whole =
        new CompiledFunction(graph(), CompilerOptions.PLAIN, new SharedWeights(), null)) {
      Map<String, INDArray> cotangents = Map.of("out", cotangent);
      out(whole, x);
      out(function, x);
      Map<String, INDArray> expected = whole.backward(cotangents);
      Map<String, INDArray> actual = function.backward(cotangents);
      assertThat(actual.keySet()).isEqualTo(expected.keySet()).contains("trained", "x");
      expected.forEach(
          (name, array) -> {
            float[] other = requireNonNull(actual.get(name)).data().asFloat();
            for (int i = 0; i < array.length(); i++) {
              // Up to 180 terms of about .04 in another order.
              assertThat(other[i]).as(name).isCloseTo(array.data().getFloat(i), within(1e-5f));
            }
          });
    }
  }

  @Test
  void aSecondGradientOfOneForwardIsTheSame() {
    out(function, x);
    Map<String, INDArray> cotangents = Map.of("out", cotangent);
    float[] first = gradient(cotangents);
    assertThat(gradient(cotangents)).containsExactly(first);
  }

  private float[] gradient(Map<String, INDArray> cotangents) {
    return requireNonNull(function.backward(cotangents).get("trained")).dup().data().asFloat();
  }

  @Test
  void frozenWeightsAreReadAgainWhenTheyAreSaidToHaveChanged() {
    float[] before = out(function, x);
    frozen.muli(2);
    assertThat(out(function, x)).containsExactly(before);
    function.parametersChanged();
    assertThat(out(function, x)).isNotEqualTo(before);
  }

  @Test
  void trainedWeightsAreReadAtEachRun() {
    float[] before = out(function, x);
    trained.muli(0);
    assertThat(out(function, x)).isNotEqualTo(before).containsOnly(0);
  }

  @Test
  void anInputThatIsAViewIsDividedToo() {
    INDArray wide = Nd4j.concat(1, x, x);
    INDArray view = wide.get(NDArrayIndex.all(), NDArrayIndex.interval(8, 16));
    assertThat(out(function, view)).containsExactly(out(function, x));
  }

  @Test
  void eachCallReturnsTheSameArrays() {
    INDArray first = function.forward(Map.of("x", x)).get("out");
    assertThat(function.forward(Map.of("x", x)).get("out")).isSameAs(first);
  }

  @Test
  void aLayerWithoutAKernelKeepsTheBatchWhole() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor scale = ops.parameter("scale", Nd4j.ones(DataType.FLOAT, 8), false);
    Tensor tokens = ops.input("x", false, 4, 8, 3);
    Tensor out = ops.groupNorm("norm", tokens, scale, scale, 2, 1e-5); // of what is no image
    GraphDefinition graph = GraphDefinition.of(ops, Map.of("out", out));
    assertThat(
            DividedFunction.compile(
                graph,
                new BatchPlan(List.of(2L, 2L), 2, 1),
                CompilerOptions.PLAIN,
                new SharedWeights(),
                null))
        .isEmpty();
  }

  @Test
  void theProfileCountsRunsAndNotParts() {
    AtomicLong clock = new AtomicLong();
    BatchPlan plan = new BatchPlan(List.of(2L, 3L), 2, 1);
    try (DividedFunction timed =
        DividedFunction.compile(
                graph(), plan, CompilerOptions.PLAIN, new SharedWeights(), clock::incrementAndGet)
            .orElseThrow()) {
      out(timed, x);
      Profile profile = timed.profile().orElseThrow();
      assertThat(profile.runs()).isEqualTo(1);
      assertThat(profile.byKind())
          .filteredOn(entry -> entry.what().equals("SILU"))
          .singleElement()
          .extracting(Profile.Entry::count)
          .isEqualTo(2L);
    }
  }

  @Test
  void theProfileSharesTheTimeAmongThreadsAndNotParts() {
    AtomicLong clock = new AtomicLong();
    BatchPlan plan = new BatchPlan(List.of(2L, 3L), 1, 1); // two parts, one after the other
    try (DividedFunction timed =
        DividedFunction.compile(
                graph(), plan, CompilerOptions.PLAIN, new SharedWeights(), clock::incrementAndGet)
            .orElseThrow()) {
      out(timed, x);
      // A step is 1 by this clock, and so is what lies between two steps.
      assertThat(timed.profile().orElseThrow().shareOutsideSteps()).isBetween(0.4, 0.6);
    }
  }

  @Test
  void runsAllocateNextToNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Map<String, INDArray> inputs = Map.of("x", x);
    Map<String, INDArray> cotangents = Map.of("out", cotangent);
    for (int i = 0; i < 100; i++) {
      function.forward(inputs);
      function.backward(cotangents);
    }
    long[] all = threads.getAllThreadIds();
    long before = sum(threads.getThreadAllocatedBytes(all));
    for (int i = 0; i < 500; i++) {
      function.forward(inputs);
      function.backward(cotangents);
    }
    // All threads together; 10 KB a step is the promise.
    assertThat((sum(threads.getThreadAllocatedBytes(all)) - before) / 500).isLessThan(10_000);
  }

  private static long sum(long... bytes) {
    long sum = 0;
    for (long each : bytes) {
      sum += each;
    }
    return sum;
  }
}

package org.tastemaker.diffusion.engine.onednn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.testing.MemoryGrowth;
import org.tastemaker.testing.NativeMemory;

/** Functions that were made beside each other, of one model as it were. */
class SharedWeightsTest {
  /** Of so few that every batch size asks for the same formats. */
  private static final int CHANNELS = 16;

  private static final long KERNEL = 9L * CHANNELS * CHANNELS * Float.BYTES;

  /** A kernel, and four corners' of the other, each of four ninths of it. */
  private static final long WEIGHTS = KERNEL + 4 * (4 * KERNEL / 9);

  private final INDArray first = values(1, 0.1, 3, 3, CHANNELS, CHANNELS);
  private final INDArray second = values(2, 0.1, 3, 3, CHANNELS, CHANNELS);
  private final SharedWeights shared = new SharedWeights();
  private final List<CompiledFunction> open = new ArrayList<>();

  private static INDArray values(int seed, double scale, long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    float[] noise = new float[(int) array.length()];
    Seed.of(seed).gaussian(0, noise);
    for (int i = 0; i < noise.length; i++) {
      array.data().put(i, scale * noise[i]);
    }
    return array;
  }

  private static long[] image(int batch) {
    return new long[] {batch, CHANNELS, 6, 6};
  }

  /** A convolution, then one of the upsampled image. */
  private GraphDefinition graph(int batch, boolean gradient) {
    return graph(batch, gradient, first, second);
  }

  private static GraphDefinition graph(
      int batch, boolean gradient, INDArray first, INDArray second) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", gradient, image(batch));
    Tensor w = ops.parameter("first", first, false);
    Tensor h = ops.silu("act", ops.conv2d("conv", x, w, null, 1, Padding.all(1)));
    Tensor v = ops.parameter("second", second, false);
    Tensor large = ops.upsampleNearest2x("up", h);
    return GraphDefinition.of(
        ops, Map.of("out", ops.conv2d("conv of up", large, v, null, 1, Padding.all(1))));
  }

  private static CompiledFunction function(GraphDefinition graph, SharedWeights weights) {
    return new CompiledFunction(graph, CompilerOptions.PLAIN, weights, null);
  }

  /** A function beside the others, which is closed after the test at the latest. */
  private CompiledFunction beside(GraphDefinition graph) {
    CompiledFunction function = function(graph, shared);
    open.add(function);
    return function;
  }

  private CompiledFunction beside(int batch) {
    return beside(graph(batch, false));
  }

  @AfterEach
  void close() {
    open.forEach(CompiledFunction::close);
    assertThat(shared.bytes()).isZero();
  }

  private static float[] out(GraphFunction function, int batch) {
    Map<String, INDArray> x = Map.of("x", values(7, 1, image(batch)));
    return requireNonNull(function.forward(x).get("out")).data().asFloat();
  }

  /** What a function that has its own copies gives. */
  private float[] alone(int batch) {
    try (CompiledFunction own = function(graph(batch, false), new SharedWeights())) {
      return out(own, batch);
    }
  }

  private static float[] gradient(GraphFunction function, int batch) {
    INDArray cotangent = values(8, 1, batch, CHANNELS, 12, 12);
    return requireNonNull(function.backward(Map.of("out", cotangent)).get("x")).data().asFloat();
  }

  // ---- Results

  @Test
  void resultsOfTwoBatchSizesAreThoseOfFunctionsAloneBitForBit() {
    CompiledFunction small = beside(2);
    CompiledFunction large = beside(5);
    float[] two = alone(2);
    float[] five = alone(5);
    for (int i = 0; i < 2; i++) {
      assertThat(out(small, 2)).containsExactly(two);
      assertThat(out(large, 5)).containsExactly(five);
    }
  }

  @Test
  void gradientsAreThoseOfAFunctionAloneBitForBit() {
    beside(2);
    CompiledFunction function = beside(graph(3, true));
    try (CompiledFunction own = function(graph(3, true), new SharedWeights())) {
      assertThat(out(function, 3)).containsExactly(out(own, 3));
      assertThat(gradient(function, 3)).containsExactly(gradient(own, 3));
    }
  }

  @Test
  void aDividedFunctionSharesWithAWholeOne() {
    BatchPlan plan = new BatchPlan(List.of(2L, 3L), 2, 1);
    try (DividedFunction divided =
        DividedFunction.compile(graph(5, false), plan, CompilerOptions.PLAIN, shared, null)
            .orElseThrow()) {
      assertThat(shared.bytes()).isEqualTo(WEIGHTS);
      float[] five = out(divided, 5);
      CompiledFunction whole = beside(2);
      assertThat(shared.bytes()).isEqualTo(WEIGHTS);
      assertThat(out(whole, 2)).containsExactly(alone(2));
      whole.close();
      assertThat(out(divided, 5)).containsExactly(five);
    }
  }

  // ---- Memory

  @Test
  void anotherBatchSizeTakesNoCopyOfItsOwn() {
    beside(2);
    assertThat(shared.bytes()).isEqualTo(WEIGHTS);
    beside(5);
    assertThat(shared.bytes()).isEqualTo(WEIGHTS);
  }

  @Test
  void functionsOfOtherOptionsShareWhatTheyReadTheSameWay() {
    beside(2);
    CompilerOptions spares = new CompilerOptions(Set.of(), false, true);
    try (CompiledFunction other = new CompiledFunction(graph(2, false), spares, shared, null)) {
      assertThat(shared.bytes()).isEqualTo(WEIGHTS);
      assertThat(out(other, 2)).containsExactly(alone(2));
    }
  }

  @Test
  void weightsOfOtherArraysAreOthersWhateverTheirNamesAndNumbers() {
    beside(2);
    INDArray equal = first.dup();
    CompiledFunction other = beside(graph(2, false, equal, second));
    assertThat(shared.bytes()).isEqualTo(WEIGHTS + KERNEL);
    equal.muli(0);
    assertThat(out(other, 2)).containsOnly(0);
  }

  @Test
  void memoryThatIsGivenOutAgainIsNotTakenForWhatItWas() {
    INDArray gone = values(3, 1, 3, 3, CHANNELS, CHANNELS);
    CompiledFunction left = beside(graph(2, false, gone, second));
    out(left, 2);
    gone.close(); // before the function that reads it
    INDArray next = Nd4j.create(DataType.FLOAT, 3, 3, CHANNELS, CHANNELS); // often in its place
    CompiledFunction other = beside(graph(2, false, next, second));
    assertThat(out(other, 2)).containsOnly(0);
    left.close();
    assertThat(out(other, 2)).containsOnly(0);
  }

  // ---- Closing

  @Test
  void theFirstMayBeClosedFirst() {
    CompiledFunction one = beside(2);
    out(one, 2);
    CompiledFunction other = beside(5);
    float[] before = out(other, 5);
    one.close();
    assertThat(shared.bytes()).isEqualTo(WEIGHTS);
    first.muli(-2);
    other.parametersChanged(); // so that they are made by the steps of the one that is gone
    assertThat(out(other, 5)).isNotEqualTo(before).containsExactly(alone(5));
  }

  @Test
  void theLastMayBeClosedFirst() {
    CompiledFunction one = beside(2);
    float[] before = out(one, 2);
    CompiledFunction other = beside(5);
    out(other, 5);
    other.close();
    assertThat(shared.bytes()).isEqualTo(WEIGHTS);
    first.muli(-2);
    one.parametersChanged();
    assertThat(out(one, 2)).isNotEqualTo(before).containsExactly(alone(2));
  }

  @Test
  void whatOnlyAClosedFunctionUsedIsFreed() {
    INDArray own = values(4, 0.1, 3, 3, CHANNELS, CHANNELS);
    CompiledFunction one = beside(graph(2, false, own, second));
    beside(2);
    assertThat(shared.bytes()).isEqualTo(WEIGHTS + KERNEL);
    one.close();
    assertThat(shared.bytes()).isEqualTo(WEIGHTS);
  }

  @Test
  void aFunctionThatCannotBeMadeLeavesNothing() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor w = ops.parameter("first", first, false);
    Tensor h = ops.conv2d("conv", ops.input("x", false, image(4)), w, null, 1, Padding.all(1));
    Tensor scale = ops.parameter("scale", Nd4j.ones(DataType.FLOAT, 36), false);
    Tensor tokens = ops.toTokens("tokens", h); // [4, 36, C]: a norm of what is no image
    Tensor out = ops.groupNorm("norm", tokens, scale, scale, 2, 1e-5);
    GraphDefinition graph = GraphDefinition.of(ops, Map.of("out", out));
    BatchPlan plan = new BatchPlan(List.of(2L, 2L), 2, 1);
    assertThat(DividedFunction.compile(graph, plan, CompilerOptions.PLAIN, shared, null)).isEmpty();
    assertThat(shared.bytes()).isZero();
    assertThat(out(beside(2), 2)).containsExactly(alone(2));
  }

  // ---- Changes

  @Test
  void aChangeThatOneIsToldOfIsSeenByBoth() {
    CompiledFunction one = beside(2);
    CompiledFunction other = beside(5);
    out(one, 2);
    out(other, 5);
    first.muli(-2);
    second.muli(3);
    one.parametersChanged();
    assertThat(out(other, 5)).containsExactly(alone(5));
    assertThat(out(one, 2)).containsExactly(alone(2));
  }

  @Test
  void aChangeIsSeenInAllWeightsOfAFunctionThatWasNotTold() {
    CompiledFunction one = beside(2);
    CompiledFunction other = beside(graph(5, true));
    out(one, 2);
    out(other, 5);
    first.muli(-2);
    second.muli(3);
    one.parametersChanged();
    out(one, 2); // makes those that both have
    try (CompiledFunction own = function(graph(5, true), new SharedWeights())) {
      assertThat(out(other, 5)).containsExactly(out(own, 5));
      assertThat(gradient(other, 5)).containsExactly(gradient(own, 5)); // and its own
    }
  }

  @Test
  void aChangeThatBothAreToldOfIsReadOnce() {
    CompiledFunction one = beside(2);
    CompiledFunction other = beside(5);
    out(one, 2);
    out(other, 5);
    one.parametersChanged();
    other.parametersChanged();
    float[] before = out(other, 5);
    first.muli(2); // which nobody is told of
    second.muli(2);
    out(one, 2);
    assertThat(out(other, 5)).containsExactly(before);
  }

  @Test
  void withoutAChangeNothingIsReadAgain() {
    CompiledFunction one = beside(2);
    CompiledFunction other = beside(5);
    out(one, 2);
    float[] before = out(other, 5);
    first.muli(2);
    second.muli(2);
    out(one, 2);
    assertThat(out(other, 5)).containsExactly(before);
  }

  @Test
  void theFirstRunReadsTheArraysAsTheyAre() {
    CompiledFunction one = beside(2);
    CompiledFunction other = beside(5);
    out(one, 2);
    first.muli(-2);
    second.muli(3);
    assertThat(out(other, 5)).containsExactly(alone(5));
  }

  // ---- Made in loops

  @Test
  void functionsThatAreMadeAndClosedLeaveTheMemoryFlat() throws IOException, InterruptedException {
    // Each turn's three functions have 590 KB of packed weights: a lost copy would be 100 MB.
    NativeMemory.assertFlat(MemoryProgram.class, 16L << 20);
  }

  /** Makes three functions beside each other, and closes them in changing orders. */
  static final class MemoryProgram {
    private static final int WARM_UP = 60;
    private static final int TURNS = 220;
    private static final int WIDE = 128;

    public static void main(String[] arguments) {
      INDArray weight = values(1, 0.1, 3, 3, WIDE, WIDE);
      MemoryGrowth.print(WARM_UP, TURNS, turn -> turn(weight, turn));
    }

    private static void turn(INDArray weight, int turn) {
      SharedWeights weights = new SharedWeights();
      CompiledFunction[] functions = new CompiledFunction[3];
      for (int i = 0; i < functions.length; i++) {
        functions[i] = function(graph(i + 1, weight), weights);
        try (INDArray x = Nd4j.ones(DataType.FLOAT, i + 1, WIDE, 2, 2)) {
          functions[i].forward(Map.of("x", x));
        }
      }
      for (int i = 0; i < functions.length; i++) {
        functions[(turn + i) % functions.length].close();
      }
      if (weights.bytes() != 0) {
        throw new AssertionError(weights.bytes() + " bytes are left");
      }
    }

    private static GraphDefinition graph(int batch, INDArray weight) {
      Ops ops = new Ops(DataType.FLOAT);
      Tensor w = ops.parameter("weight", weight, false);
      Tensor x = ops.input("x", false, batch, WIDE, 2, 2);
      return GraphDefinition.of(
          ops, Map.of("out", ops.conv2d("conv", x, w, null, 1, Padding.all(1))));
    }
  }
}

package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.torch.Fixture.Limit;
import org.tastemaker.testing.NativeMemory;

/** What is this engine's own: parts of a batch, checkpoints, copies of weights. */
class TorchFunctionTest {
  private static final int ROWS = Fixture.ROWS;

  private final Fixture fixture = new Fixture();
  private final Map<String, INDArray> weights = fixture.weights;
  private final INDArray x = fixture.x;
  private final INDArray t = fixture.t;
  private final INDArray cotangent = fixture.cotangent;

  private TorchFunction function(
      Weights store, boolean checkpointing, int devices, boolean shared, Limit limit) {
    return fixture.function(store, checkpointing, devices, shared, limit);
  }

  private TorchFunction function() {
    return fixture.function(new Weights(), false, 1, true, new Limit());
  }

  private GraphDefinition graph(boolean trainable) {
    return fixture.graph(trainable);
  }

  /** Outputs and gradients, copied. */
  private Map<String, float[]> run(GraphFunction function) {
    Map<String, float[]> results = new LinkedHashMap<>();
    function
        .forward(Map.of("x", x, "t", t))
        .forEach((name, array) -> results.put(name, array.dup().data().asFloat()));
    function
        .backward(Map.of("out", cotangent))
        .forEach((name, array) -> results.put("d " + name, array.dup().data().asFloat()));
    return results;
  }

  private Map<String, float[]> expected() {
    try (TorchFunction whole = function()) {
      return run(whole);
    }
  }

  private static void assertSame(Map<String, float[]> actual, Map<String, float[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    actual.forEach((name, values) -> assertThat(values).as(name).isEqualTo(expected.get(name)));
  }

  /** Sums of the same terms in another order: some units in the last place of the largest. */
  private static void assertClose(Map<String, float[]> actual, Map<String, float[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    actual.forEach(
        (name, values) -> {
          float[] others = Objects.requireNonNull(expected.get(name));
          double norm = 0;
          double error = 0;
          for (int i = 0; i < others.length; i++) {
            norm += others[i] * others[i];
            error += (values[i] - others[i]) * (values[i] - others[i]);
          }
          assertThat(norm).as(name).isPositive();
          assertThat(Math.sqrt(error / norm)).as(name).isLessThan(1e-6);
        });
  }

  @Test
  void checkpointingCutsAtTheBlocks() {
    Plan plan = Plan.of(graph(true), true);
    assertThat(plan.segments()).hasSize(4); // time; two blocks; mask and skip
    assertThat(Plan.of(graph(true), false).segments()).hasSize(1);
  }

  @Test
  void checkpointingGivesTheSameGradients() {
    try (TorchFunction function = function(new Weights(), true, 1, true, new Limit())) {
      assertClose(run(function), expected());
    }
  }

  @Test
  void aSecondBackwardAfterCheckpointingGivesTheSame() {
    try (TorchFunction function = function(new Weights(), true, 1, true, new Limit())) {
      Map<String, float[]> first = run(function);
      Map<String, float[]> second = new LinkedHashMap<>(Map.of("out", first.get("out")));
      function
          .backward(Map.of("out", cotangent))
          .forEach((name, array) -> second.put("d " + name, array.dup().data().asFloat()));
      assertSame(second, first);
    }
  }

  @Test
  void severalDevicesShareTheRowsAndSumTheirGradients() {
    for (int devices = 2; devices <= 3; devices++) {
      Limit limit = new Limit();
      try (TorchFunction function = function(new Weights(), false, devices, true, limit)) {
        Map<String, float[]> results = run(function);
        assertClose(results, expected());
        assertSame(run(function), results);
        assertThat(limit.asked.subList(0, devices))
            .isEqualTo(devices == 2 ? List.of(3, 2) : List.of(2, 2, 1));
      }
    }
  }

  @Test
  void tooLittleMemoryHalvesTheRowsAtATime() {
    Limit limit = new Limit();
    limit.rows = 2;
    try (TorchFunction function = function(new Weights(), false, 1, true, limit)) {
      assertClose(run(function), expected());
      assertThat(function.partRows()).isEqualTo(2);
      limit.asked.clear();
      assertClose(run(function), expected()); // and it remembers
      assertThat(limit.asked).doesNotContain(5, 3);
    }
  }

  @Test
  void tooLittleMemoryInTheBackwardHalfAloneIsMendedThere() {
    Limit limit = new Limit();
    try (TorchFunction function = function(new Weights(), false, 1, true, limit)) {
      Map<String, float[]> first = run(function);
      limit.rows = 1;
      // The tape of the run above is spent: the next backward half has to run it again.
      Map<String, float[]> second = new LinkedHashMap<>(Map.of("out", first.get("out")));
      function
          .backward(Map.of("out", cotangent))
          .forEach((name, array) -> second.put("d " + name, array.dup().data().asFloat()));
      assertClose(second, expected());
      assertThat(function.partRows()).isEqualTo(1);
    }
  }

  @Test
  void tooLittleMemoryForOneRowSaysWhatToChange() {
    Limit limit = new Limit();
    limit.rows = 0;
    try (TorchFunction function = function(new Weights(), false, 1, true, limit)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> run(function))
          .withMessageContaining("does not hold a single row")
          .withMessageContaining("bfloat16")
          .withMessageContaining("withCheckpointing(true)")
          .withMessageEndingWith("CUDA out of memory. Tried to allocate 2.00 GiB");
      limit.rows = 9;
      assertClose(run(function), expected()); // and the function is still of use
    }
  }

  @Test
  void functionsOfAModelShareOneCopyOfAFrozenWeight() {
    Weights store = new Weights();
    TorchFunction one = function(store, false, 1, true, new Limit());
    run(one);
    long bytes = store.bytes();
    assertThat(bytes).isPositive();
    TorchFunction other = function(store, true, 1, true, new Limit());
    run(other);
    assertThat(store.bytes()).isEqualTo(bytes);
    one.close();
    assertThat(store.bytes()).isEqualTo(bytes);
    other.close();
    assertThat(store.bytes()).isZero();
  }

  @Test
  void aFrozenWeightThatChangesIsReadAgainByAllOnceOneIsTold() {
    Weights store = new Weights();
    try (TorchFunction one = function(store, false, 1, true, new Limit());
        TorchFunction other = function(store, false, 1, true, new Limit())) {
      Map<String, float[]> before = run(one);
      run(other);
      Objects.requireNonNull(weights.get("blocks.0.kernel")).muli(2);
      assertSame(run(one), before); // nobody was told
      one.parametersChanged();
      Map<String, float[]> after = run(one);
      assertThat(after.get("out")).isNotEqualTo(before.get("out"));
      assertSame(after, expected());
      assertSame(run(other), after);
    }
  }

  @Test
  void aNewFunctionSeesWeightsThatChangedWhileOthersHeldThem() {
    Weights store = new Weights();
    try (TorchFunction one = function(store, false, 1, true, new Limit())) {
      run(one);
      Objects.requireNonNull(weights.get("blocks.0.kernel")).muli(2);
      try (TorchFunction other = function(store, false, 1, true, new Limit())) {
        assertSame(run(other), expected());
      }
    }
  }

  @Test
  void copiedMastersFollowTheOwnersArrays() {
    try (TorchFunction copied = function(new Weights(), false, 1, false, new Limit())) {
      assertSame(run(copied), expected());
      Objects.requireNonNull(weights.get("blocks.1.kernel")).muli(-1);
      Objects.requireNonNull(weights.get("mask")).addi(1);
      assertSame(run(copied), expected());
    }
  }

  @Test
  void mastersAreSentOnlyWhenTheyHaveChanged() {
    Device cpu = new Device(DeviceType.CPU);
    Plan plan = Plan.of(graph(true), false);
    try (Masters masters = new Masters(plan.leaves(), cpu, false, new Weights())) {
      assertThat(masters.refresh()).isZero();
      Objects.requireNonNull(weights.get("blocks.1.kernel")).putScalar(7, 4f);
      assertThat(masters.refresh()).isEqualTo(1);
      assertThat(masters.refresh()).isZero();
    }
  }

  @Test
  void tenThousandCallsLeaveMemoryFlat() throws IOException, InterruptedException {
    // One tensor of 2.9 KB lost in each was seen as 27 MB; without one it is 0.
    NativeMemory.assertFlat(TenThousandCalls.class, 8L << 20);
  }

  @Test
  void aGraphWhoseRowsDependOnEachOtherIsRunWhole() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor a = ops.input("x", false, x.shape());
    GraphDefinition joined =
        GraphDefinition.of(ops, Map.of("out", ops.concat("both", 0, a, ops.silu("act", a))));
    assertThat(Rows.of(joined)).isEmpty();
    try (GraphFunction function =
        new TorchEngine().on(Placement.of("cpu,cpu", "float32")).create(joined)) {
      INDArray out = Objects.requireNonNull(function.forward(Map.of("x", x)).get("out"));
      assertThat(out.shape()).containsExactly(2 * ROWS, 4, 6, 6);
      assertThat(out.getDouble(3)).isEqualTo(x.getDouble(3));
    }
  }
}

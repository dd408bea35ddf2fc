package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Precision;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Residence;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** The order in which halves are run, recorded and replayed, with a stream that only pretends. */
class GraphedFunctionTest {
  private final INDArray kernel = array(1, 3, 3, 4, 4);
  private final INDArray frozen = array(2, 3, 3, 4, 4);
  private final FakeStream stream = new FakeStream();

  private static INDArray array(long seed, long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    float[] values = new float[(int) array.length()];
    Seed.of(seed).gaussian(0, values);
    array.data().setData(values);
    return array;
  }

  /** Replays by running the recorded work again. */
  private static final class FakeStream implements Capture {
    private int recordings;
    private int replays;
    private boolean inStream;
    private boolean recordsNothing;
    private boolean spoils;
    private boolean real;
    private boolean closed;
    private Runnable beforeWork = () -> {};

    @Override
    public long stream() {
      return 77;
    }

    @Override
    public void inStream(Runnable work) {
      beforeWork.run();
      inStream = true;
      work.run();
      inStream = false;
    }

    @Override
    public Replay record(Runnable work) {
      assertThat(inStream).isTrue();
      if (recordsNothing) {
        throw new IllegalStateException("operation not permitted when stream is capturing");
      }
      recordings++;
      work.run();
      return new Replay() {
        @Override
        public void run() {
          replays++;
          // On a GPU the numbers are computed again; no tape is made, and LibTorch knows nothing.
          if (!spoils && !real) {
            work.run();
          }
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private GraphDefinition graph(boolean trainable) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", trainable, 2, 4, 5, 5);
    Tensor h =
        ops.conv2d("first", x, ops.parameter("frozen", frozen, false), null, 1, Padding.all(1));
    Tensor y =
        ops.conv2d(
            "second",
            ops.silu("act", h),
            ops.parameter("kernel", kernel, trainable),
            null,
            1,
            Padding.all(1));
    return GraphDefinition.of(ops, Map.of("out", ops.add("sum", x, y)));
  }

  private static Worker worker(Plan plan) {
    Device cpu = new Device(DeviceType.CPU);
    Numbers numbers = Numbers.of(DataType.FLOAT, Precision.FLOAT32);
    return new Worker(
        plan,
        cpu,
        new LayerOps(numbers),
        new Weights().lease(cpu, numbers),
        new Masters(plan.leaves(), cpu, false, new Weights()));
  }

  private GraphedFunction graphed(boolean trainable) {
    return graphed(graph(trainable));
  }

  private GraphedFunction graphed(GraphDefinition graph) {
    Plan plan = Plan.of(graph, false);
    MemoryGuard memory = new MemoryGuard(() -> {}, rows -> {});
    return new GraphedFunction(graph, plan, worker(plan), memory, () -> {}, stream);
  }

  private Map<String, float[]> run(GraphFunction function, boolean trainable, int step) {
    Map<String, float[]> results = new LinkedHashMap<>();
    function
        .forward(Map.of("x", array(10 + step, 2, 4, 5, 5)))
        .forEach((name, array) -> results.put(name, array.dup().data().asFloat()));
    if (trainable) {
      function
          .backward(Map.of("out", array(50 + step, 2, 4, 5, 5)))
          .forEach((name, array) -> results.put("d " + name, array.dup().data().asFloat()));
    }
    return results;
  }

  private static Map<String, float[]> copies(Map<String, INDArray> arrays) {
    Map<String, float[]> copies = new LinkedHashMap<>();
    arrays.forEach((name, array) -> copies.put(name, array.dup().data().asFloat()));
    return copies;
  }

  private Map<String, float[]> expected(boolean trainable, int step) {
    GraphDefinition graph = graph(trainable);
    Plan plan = Plan.of(graph, false);
    try (TorchFunction plain =
        new TorchFunction(
            graph, plan, List.of(worker(plan)), new MemoryGuard(() -> {}, rows -> {}), () -> {})) {
      return run(plain, trainable, step);
    }
  }

  private void assertRight(GraphFunction function, boolean trainable, int step) {
    Map<String, float[]> results = run(function, trainable, step);
    Map<String, float[]> plain = expected(trainable, step);
    assertThat(results.keySet()).isEqualTo(plain.keySet());
    results.forEach((name, values) -> assertThat(values).as(name).isEqualTo(plain.get(name)));
  }

  @Test
  void theForwardHalfIsRecordedAfterTheWarmUp() {
    try (GraphedFunction function = graphed(false)) {
      for (int step = 0; step < 6; step++) {
        assertRight(function, false, step);
        assertThat(stream.recordings).isEqualTo(step + 1 < Captured.WARM_UP ? 0 : 1);
      }
      assertThat(function.recorded()).containsExactly(true, false);
      // One replay to compare the recording with the work, then one for each run.
      assertThat(stream.replays).isEqualTo(1 + 6 - Captured.WARM_UP);
    }
    assertThat(stream.closed).isTrue();
  }

  @Test
  void bothHalvesOfATrainingStepAreRecorded() {
    try (GraphedFunction function = graphed(true)) {
      for (int step = 0; step < 6; step++) {
        kernel.addi(0.01); // as an optimizer would
        assertRight(function, true, step);
      }
      assertThat(function.recorded()).containsExactly(true, true);
      assertThat(stream.recordings).isEqualTo(2);
    }
  }

  @Test
  void frozenWeightsThatChangeAreSeenByReplays() {
    try (GraphedFunction function = graphed(false)) {
      for (int step = 0; step < 4; step++) {
        frozen.muli(1.5);
        function.parametersChanged();
        assertRight(function, false, step);
      }
      assertThat(function.recorded()).containsExactly(true, false);
    }
  }

  @Test
  void oneForwardMayBeFollowedBySeveralBackwardRuns() {
    try (GraphedFunction function = graphed(true)) {
      for (int step = 0; step < 4; step++) {
        Map<String, float[]> first = run(function, true, step);
        float[] again =
            Objects.requireNonNull(
                    function.backward(Map.of("out", array(50 + step, 2, 4, 5, 5))).get("kernel"))
                .dup()
                .data()
                .asFloat();
        assertThat(again).isEqualTo(first.get("d kernel"));
      }
    }
  }

  @Test
  void aMissingCotangentIsZero() {
    try (GraphedFunction function = graphed(true)) {
      run(function, true, 0);
      assertThat(
              Objects.requireNonNull(function.backward(Map.of()).get("kernel"))
                  .norm2Number()
                  .doubleValue())
          .isZero();
    }
  }

  @Test
  void workThatCannotBeRecordedIsRunAsItIs() {
    stream.recordsNothing = true;
    try (GraphedFunction function = graphed(true)) {
      for (int step = 0; step < 4; step++) {
        assertRight(function, true, step);
      }
      assertThat(function.recorded()).containsExactly(false, false);
      assertThat(stream.replays).isZero();
    }
  }

  @Test
  void aRecordingThatGivesOtherResultsIsNotTrusted() {
    stream.spoils = true; // the replay leaves zeros
    try (GraphedFunction function = graphed(false)) {
      for (int step = 0; step < 4; step++) {
        run(function, false, step);
      }
      stream.spoils = false;
      assertThat(function.recorded()).containsExactly(false, false);
      assertRight(function, false, 5);
    }
  }

  @Test
  void aBackwardHalfThatIsNotRecordedReadsWhatTheReplayedForwardHalfSaved() {
    // A linear layer's tape has the input and the weight themselves, which are written over.
    INDArray weight = array(3, 4, 4);
    Ops ops = new Ops(DataType.FLOAT);
    Tensor y =
        ops.linear(
            "linear", ops.input("x", true, 2, 4), ops.parameter("weight", weight, true), null);
    Map<String, INDArray> x = Map.of("x", array(10, 2, 4));
    Map<String, INDArray> cotangent = Map.of("out", array(50, 2, 4));
    try (GraphedFunction function = graphed(GraphDefinition.of(ops, Map.of("out", y)))) {
      function.forward(x);
      Map<String, float[]> expected = copies(function.backward(cotangent));
      function.forward(x);
      assertThat(function.recorded()).containsExactly(true, false);
      // The second of these brings everything back, so that what was saved is right.
      stream.real = true;
      weight.addi(1);
      function.forward(x);
      weight.subi(1);
      function.forward(x);
      copies(function.backward(cotangent))
          .forEach(
              (name, values) ->
                  assertThat(values).as(name).containsExactly(expected.get(name), within(1e-6f)));
    }
  }

  @Test
  void afterALackOfMemoryTheFunctionIsStillOfUse() {
    try (GraphedFunction function = graphed(true)) {
      for (int step = 0; step < 3; step++) {
        assertRight(function, true, step);
      }
      stream.beforeWork =
          () -> {
            throw new IllegalStateException("CUDA out of memory. Tried to allocate 2.00 GiB");
          };
      assertThatIllegalStateException()
          .isThrownBy(() -> function.backward(Map.of("out", array(50, 2, 4, 5, 5))));
      stream.beforeWork = () -> {};
      assertThat(function.recorded()).containsExactly(false, false);
      for (int step = 0; step < 3; step++) {
        assertRight(function, true, step);
      }
      assertThat(function.recorded()).containsExactly(true, true);
    }
  }

  @Test
  void theResidenceWorksInTheStream() {
    try (GraphedFunction function = graphed(false)) {
      Residence residence = function.residence().orElseThrow();
      assertThat(residence.stream()).isEqualTo(77);
      for (int step = 0; step < 4; step++) {
        residence.upload("x", 0, FloatBuffer.wrap(array(10 + step, 2, 4, 5, 5).data().asFloat()));
        residence.run();
        FloatBuffer out = FloatBuffer.allocate(200);
        residence.download("out", out);
        assertThat(out.array()).isEqualTo(expected(false, step).get("out"));
      }
      assertThat(function.recorded()).containsExactly(true, false);
    }
  }

  @Test
  void tooLittleMemorySaysWhatToChange() {
    try (GraphedFunction function = graphed(false)) {
      stream.beforeWork =
          () -> {
            throw new IllegalStateException("CUDA out of memory. Tried to allocate 2.00 GiB");
          };
      assertThatIllegalStateException()
          .isThrownBy(() -> run(function, false, 0))
          .withMessageContaining("does not hold the batch")
          .withMessageContaining("CUDA graphs off");
    }
  }

  /** A function of another graph, for the test of memory. */
  static GraphFunction graphed(Fixture fixture) {
    GraphDefinition graph = fixture.graph(true);
    Plan plan = Plan.of(graph, false);
    MemoryGuard memory = new MemoryGuard(() -> {}, rows -> {});
    return new GraphedFunction(graph, plan, worker(plan), memory, () -> {}, new FakeStream());
  }
}

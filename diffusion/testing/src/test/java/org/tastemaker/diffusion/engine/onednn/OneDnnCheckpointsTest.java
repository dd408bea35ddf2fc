package org.tastemaker.diffusion.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.testing.engine.UNetRun;
import org.tastemaker.diffusion.testing.engine.Values;
import org.tastemaker.testing.Goldens;

/** A function that computes activations again gives what one that keeps them gives. */
class OneDnnCheckpointsTest {
  private static Engine checkpointed(Engine engine) {
    return engine.on(Placement.of("cpu", "float32").withCheckpointing(true));
  }

  static List<Path> unets() {
    return Goldens.cases("unet_");
  }

  @ParameterizedTest
  @MethodSource("unets")
  void theGradientsOfAWholeNetworkAreTheSameBitForBit(Path golden) {
    try (UNet2DConditionModel model = UNet2DConditionModel.load(golden)) {
      same(model, Engines.named("onednn"), checkpointed(Engines.named("onednn")));
    }
  }

  @ParameterizedTest
  @MethodSource("unets")
  void andInBfloat16(Path golden) {
    if (!OneDnn.hasBfloat16Products()) {
      return; // refused, as OneDnnBfloat16Test holds
    }
    Placement placement = Placement.of("cpu", "bfloat16");
    Engine engine = Engines.named("onednn");
    try (UNet2DConditionModel model = UNet2DConditionModel.load(golden)) {
      same(model, engine.on(placement), engine.on(placement.withCheckpointing(true)));
    }
  }

  private static void same(UNet2DConditionModel model, Engine plain, Engine checkpointed) {
    UNetRun expected = UNetRun.of(model, plain);
    UNetRun actual = UNetRun.of(model, checkpointed);
    assertThat(actual.out()).containsExactly(expected.out());
    assertThat(actual.gradients().keySet()).isEqualTo(expected.gradients().keySet());
    expected
        .gradients()
        .forEach(
            (name, gradient) ->
                assertThat(actual.gradients().get(name)).as(name).containsExactly(gradient));
  }

  private static final long[] IMAGE = {2, 32, 16, 16};

  /** Blocks of a convolution, a norm and an activation, with a sum around each. */
  private static GraphDefinition blocks(Values values, int count) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = values.input(ops, "x", true, IMAGE);
    for (int i = 0; i < count; i++) {
      String name = "blocks." + i + ".layers.0.";
      Tensor scale = ops.parameter(name + "scale", values.array(1, 32), true);
      Tensor shift = ops.parameter(name + "shift", values.array(1, 32), true);
      Tensor kernel = ops.parameter(name + "kernel", values.array(.05, 3, 3, 32, 32), true);
      Tensor h = ops.silu(name + "act", ops.groupNorm(name + "norm", x, scale, shift, 8, 1e-5));
      h = ops.conv2d(name + "conv", h, kernel, null, 1, Padding.all(1));
      x = ops.add(name + "sum", x, h);
    }
    return GraphDefinition.of(ops, Map.of("out", x));
  }

  private static Profile profile(boolean checkpoints, int count) {
    List<Profile> profiles = new ArrayList<>();
    Values values = new Values(1);
    Engine engine = OneDnnEngine.profiled(() -> 0, profiles::add);
    try (GraphFunction function =
        (checkpoints ? checkpointed(engine) : engine).create(blocks(values, count))) {
      function.forward(values.inputs());
      function.backward(Map.of("out", new Values(2).array(1, IMAGE)));
      return profiles.get(0);
    }
  }

  @Test
  void aBlockMoreTakesWhatPassesFromBlockToBlockAndNoMore() {
    long image = 2 * 32 * 16 * 16 * Float.BYTES;
    long kept = profile(false, 9).arenaBytes() - profile(false, 8).arenaBytes();
    long checkpointed = profile(true, 9).arenaBytes() - profile(true, 8).arenaBytes();
    assertThat(kept).isGreaterThanOrEqualTo(3 * image); // normalized, activated, sum
    // The sum, and the two small gradients that a norm's parameters have in the arena.
    assertThat(checkpointed).isBetween(image, image + 4096);
  }

  @Test
  void frozenWeightsAreReadAtEachRunAndNotKeptTwice() {
    Values values = new Values(1);
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = values.input(ops, "x", true, IMAGE);
    INDArray weight = values.array(.05, 3, 3, 32, 32);
    Tensor kernel = ops.parameter("kernel", weight, false);
    GraphDefinition graph =
        GraphDefinition.of(ops, Map.of("out", ops.conv2d("c", x, kernel, null, 1, Padding.all(1))));
    try (GraphFunction function = checkpointed(Engines.named("onednn")).create(graph)) {
      float[] before = out(function, values);
      weight.muli(2);
      float[] after = out(function, values); // without a word that they have changed
      for (int i = 0; i < before.length; i++) {
        assertThat(after[i]).isEqualTo(2 * before[i]); // a power of two rounds nothing
      }
    }
  }

  private static float[] out(GraphFunction function, Values values) {
    INDArray out = function.forward(values.inputs()).get("out");
    assertThat(out).isNotNull();
    return out == null ? new float[0] : out.dup().data().asFloat();
  }

  @Test
  void asManyGradientsOfOneForwardAsAreWantedAreTheSame() {
    Values values = new Values(1);
    Map<String, INDArray> cotangents = Map.of("out", new Values(2).array(1, IMAGE));
    try (GraphFunction function = checkpointed(Engines.named("onednn")).create(blocks(values, 3))) {
      function.forward(values.inputs());
      float[] first = gradient(function, cotangents);
      assertThat(gradient(function, cotangents)).containsExactly(first);
      assertThat(gradient(function, cotangents)).containsExactly(first);
    }
  }

  private static float[] gradient(GraphFunction function, Map<String, INDArray> cotangents) {
    INDArray gradient = function.backward(cotangents).get("blocks.0.layers.0.kernel");
    assertThat(gradient).isNotNull();
    return gradient == null ? new float[0] : gradient.dup().data().asFloat();
  }

  @Test
  void checkpointingIsAnEngineOfItsOwn() {
    Engine engine = Engines.named("onednn");
    assertThat(checkpointed(engine)).isEqualTo(checkpointed(engine)).isNotEqualTo(engine);
  }
}

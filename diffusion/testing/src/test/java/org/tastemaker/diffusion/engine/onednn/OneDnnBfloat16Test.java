package org.tastemaker.diffusion.engine.onednn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
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
import org.tastemaker.diffusion.testing.engine.WholeGradient;
import org.tastemaker.testing.Goldens;

/**
 * Products of bfloat16 against those of float32. On a processor that has none the engine refuses,
 * and that is what is held there.
 */
class OneDnnBfloat16Test {
  private static final Engine FLOAT32 = Engines.named("onednn");

  private static Engine bfloat16() {
    return FLOAT32.on(Placement.of("cpu", "bfloat16"));
  }

  private static boolean isRefused() {
    if (OneDnn.hasBfloat16Products()) {
      return false;
    }
    assertThatThrownBy(OneDnnBfloat16Test::bfloat16)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("AVX-512 BF16");
    return true;
  }

  /** A convolution, one of one pixel and a linear layer; some of the weights are frozen. */
  private static GraphDefinition graph(Values values, int in, int out, int side, int trained) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = values.input(ops, "x", true, 3, in, side, side);
    Tensor w = weight(ops, values, "w", (trained & 1) != 0, 3, 3, in, out);
    Tensor p = weight(ops, values, "p", (trained & 2) != 0, 1, 1, out, in);
    Tensor v = weight(ops, values, "v", (trained & 4) != 0, out, in);
    Tensor h = ops.conv2d("conv", x, w, null, 1, Padding.all(1));
    Tensor tokens = ops.toTokens("tokens", ops.conv2d("pointwise", h, p, null, 1, Padding.all(0)));
    return GraphDefinition.of(ops, Map.of("out", ops.linear("linear", tokens, v, null)));
  }

  private static Tensor weight(
      Ops ops, Values values, String name, boolean trainable, long... shape) {
    return ops.parameter(name, values.array(.1, shape), trainable);
  }

  /** Outputs and gradients, copied. */
  private static Map<String, float[]> run(GraphFunction function, Values values, long... outShape) {
    Map<String, float[]> results = new LinkedHashMap<>();
    function
        .forward(values.inputs())
        .forEach((name, array) -> results.put(name, array.dup('c').data().asFloat()));
    function
        .backward(Map.of("out", new Values(9).array(1, outShape)))
        .forEach((name, array) -> results.put("of " + name, array.dup('c').data().asFloat()));
    return results;
  }

  private static Map<String, float[]> run(
      Engine engine, long seed, int in, int out, int side, int trained) {
    Values values = new Values(seed);
    try (GraphFunction function = engine.create(graph(values, in, out, side, trained))) {
      return run(function, values, 3, (long) side * side, out);
    }
  }

  @Property(tries = 24, shrinking = ShrinkingMode.OFF)
  void wideLayersAreRoundedAndNoMore(
      @ForAll long seed,
      @ForAll @IntRange(min = 32, max = 72) int in,
      @ForAll @IntRange(min = 32, max = 72) int out,
      @ForAll @IntRange(min = 2, max = 7) int side,
      @ForAll @IntRange(min = 0, max = 7) int trained) {
    if (isRefused()) {
      return;
    }
    Map<String, float[]> expected = run(FLOAT32, seed, in, out, side, trained);
    Map<String, float[]> actual = run(bfloat16(), seed, in, out, side, trained);
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    // A factor is off by up to 4e-3, 1.7e-3 in the mean of squares; a product has two, and three
    // layers follow each other. Not 0: it is not float32 by mistake.
    expected.forEach(
        (name, array) ->
            assertThat(UNetRun.error(requireNonNull(actual.get(name)), array))
                .as(name)
                .isBetween(5e-4, 1e-2));
  }

  @Test
  void attentionOfManyTokensIsRoundedAndNoMore() {
    if (isRefused()) {
      return;
    }
    Ops ops = new Ops(DataType.FLOAT);
    Values values = new Values(6);
    // 2 heads, 1,100 x 1,100 weights: 9.7 MB, more than is kept
    Tensor q = values.input(ops, "q", true, 1, 1100, 64);
    Tensor k = values.input(ops, "k", true, 1, 1100, 64);
    Tensor v = values.input(ops, "v", true, 1, 1100, 64);
    GraphDefinition graph =
        GraphDefinition.of(ops, Map.of("out", ops.attention("attention", q, k, v, 2, null)));
    try (GraphFunction exact = FLOAT32.create(graph);
        GraphFunction rounded = bfloat16().create(graph)) {
      Map<String, float[]> actual = run(rounded, values, 1, 1100, 64);
      Map<String, float[]> expected = run(exact, values, 1, 1100, 64);
      assertThat(actual.keySet()).isEqualTo(expected.keySet());
      // Up to four products follow each other; each factor is off by 1.7e-3 in the mean of squares.
      expected.forEach(
          (name, array) ->
              assertThat(UNetRun.error(requireNonNull(actual.get(name)), array))
                  .as(name)
                  .isBetween(5e-4, 1.4e-2));
    }
  }

  @Test
  void narrowLayersAreThoseOfFloat32() {
    if (isRefused()) {
      return;
    }
    Map<String, float[]> actual = run(bfloat16(), 5, 31, 31, 5, 7);
    run(FLOAT32, 5, 31, 31, 5, 7)
        .forEach((name, array) -> assertThat(actual.get(name)).as(name).containsExactly(array));
  }

  @Test
  void frozenWeightsAreRoundedAgainWhenTheyAreSaidToHaveChanged() {
    if (isRefused()) {
      return;
    }
    Values values = new Values(3);
    GraphDefinition graph = graph(values, 32, 32, 4, 0);
    INDArray frozen = requireNonNull(requireNonNull(graph.leaves().get("v")).array());
    try (GraphFunction function = bfloat16().create(graph)) {
      float[] before = requireNonNull(run(function, values, 3, 16, 32).get("out"));
      frozen.muli(2);
      function.parametersChanged();
      float[] after = requireNonNull(run(function, values, 3, 16, 32).get("out"));
      for (int i = 0; i < before.length; i++) {
        assertThat(after[i]).isEqualTo(2 * before[i]); // a power of two rounds nothing
      }
    }
  }

  static List<Path> unets() {
    return Goldens.cases("unet_");
  }

  @ParameterizedTest
  @MethodSource("unets")
  void aWholeNetworkIsCloseToThatOfFloat32(Path golden) {
    if (isRefused()) {
      return;
    }
    try (UNet2DConditionModel model = UNet2DConditionModel.load(golden)) {
      UNetRun expected = UNetRun.of(model, FLOAT32);
      UNetRun actual = UNetRun.of(model, bfloat16());
      // Dozens of layers follow one another, each off by 2e-3; nothing that is summed is rounded.
      assertThat(actual.error(expected)).isLessThan(2e-2);
      WholeGradient gradient = WholeGradient.of(actual.gradients(), expected.gradients());
      assertThat(gradient.cosine()).isGreaterThan(1 - 1e-3);
      assertThat(gradient.ratio()).isCloseTo(1, within(1e-2));
    }
  }

  @Test
  void equalPlacementsAreEqualEngines() {
    if (isRefused()) {
      return;
    }
    assertThat(bfloat16()).isEqualTo(bfloat16()).hasSameHashCodeAs(bfloat16());
    assertThat(bfloat16()).isNotEqualTo(FLOAT32);
    assertThat(FLOAT32.on(Placement.of("cpu", "tf32"))).isEqualTo(FLOAT32);
  }

  @Test
  void whatItCannotDoIsRefusedInBfloat16Too() {
    assertThatThrownBy(() -> FLOAT32.on(Placement.of("cuda", "bfloat16")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("computes on the processor");
  }
}

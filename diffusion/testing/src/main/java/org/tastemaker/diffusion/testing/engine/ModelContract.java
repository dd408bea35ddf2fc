package org.tastemaker.diffusion.testing.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Maps;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.lora.LoraTargets;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;

/** Whole networks: the U-Net, with adapters too, the autoencoder and the text encoder. */
public abstract class ModelContract extends EngineContract {
  private static final UNetConfig UNET =
      new UNetConfig(
          8,
          4,
          4,
          ImmutableList.of(16, 32),
          ImmutableList.of("CrossAttnDownBlock2D", "DownBlock2D"),
          ImmutableList.of("UpBlock2D", "CrossAttnUpBlock2D"),
          ImmutableList.of(1, 1),
          ImmutableList.of(1, 1),
          ImmutableList.of(2, 2),
          24,
          4,
          1e-5,
          3,
          3,
          1,
          true,
          0,
          64,
          true);

  private static final AutoencoderKlConfig VAE =
      new AutoencoderKlConfig(
          16, 3, 3, 4, ImmutableList.of(8, 16), 1, 4, true, true, true, 0.18215, true);

  private static final ClipTextConfig TEXT =
      new ClipTextConfig(
          40, 24, 48, 2, 4, 9, ClipTextConfig.Activation.QUICK_GELU, 1e-5, 38, 39, 39, 24);

  /** For subclasses. */
  protected ModelContract() {}

  private static Predicate<String> trained(String mode) {
    return switch (mode) {
      case "everything" -> name -> true;
      case "attention" -> name -> name.contains("attn");
      default -> name -> false;
    };
  }

  private static Map<String, INDArray> inputs(Values values) {
    return Map.of(
        UNet2DConditionModel.SAMPLE,
        values.array(1, 3, 4, 8, 8),
        UNet2DConditionModel.TIMESTEP,
        values.array(0, 3).addi(411),
        UNet2DConditionModel.TEXT,
        values.array(1, 3, 7, 24));
  }

  private static UNet2DConditionModel unet() {
    return UNet2DConditionModel.random(UNET, Seed.of(5));
  }

  /** The same function on two engines. */
  @FunctionalInterface
  private interface OnEngine {
    GraphFunction function(Engine engine);
  }

  private void compare(
      OnEngine on, Map<String, INDArray> inputs, Map<String, INDArray> cotangents) {
    GraphFunction actual = on.function(engine());
    GraphFunction replay = on.function(Engines.named("replay"));
    Comparison.assertClose(actual.forward(inputs), replay.forward(inputs), bounds().forward());
    if (!cotangents.isEmpty()) {
      assertGradientsClose(actual.backward(cotangents), replay.backward(cotangents));
    }
  }

  /**
   * A key's bias adds the same to all scores of a query, which changes no weight of the attention:
   * its gradient is zero but for rounding, which is held against the largest gradient.
   */
  private void assertGradientsClose(Map<String, INDArray> actual, Map<String, INDArray> expected) {
    Predicate<String> isZero = name -> name.endsWith(".to_k.bias") || name.endsWith(".k_proj.bias");
    Comparison.assertClose(
        Maps.filterKeys(actual, name -> !isZero.test(name)),
        Maps.filterKeys(expected, name -> !isZero.test(name)),
        bounds().gradient());
    double largest = expected.values().stream().mapToDouble(ModelContract::norm).max().orElse(0);
    Maps.filterKeys(actual, isZero::test)
        .forEach(
            (name, gradient) ->
                assertThat(norm(gradient)).as(name).isLessThan(bounds().forward() * largest));
  }

  private static double norm(INDArray array) {
    return array.norm2Number().doubleValue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"everything", "attention", "nothing"})
  void theUnetsOutputAndGradientsAgree(String mode) {
    Values values = new Values(2);
    Map<String, INDArray> inputs = inputs(values);
    FunctionOptions options = FunctionOptions.inference().withTrainable(trained(mode));
    if (mode.equals("everything")) {
      options =
          options.withInputGradients(
              Set.of(UNet2DConditionModel.SAMPLE, UNet2DConditionModel.TEXT));
    }
    FunctionOptions chosen = options;
    try (UNet2DConditionModel model = unet()) {
      compare(
          engine -> model.function(3, 8, 8, 7, chosen.withEngine(engine)),
          inputs,
          mode.equals("nothing")
              ? Map.of()
              : Map.of(UNet2DConditionModel.OUT, values.array(1, 3, 4, 8, 8)));
    }
  }

  @Test
  void theActivationsOfEveryBlockAgree() {
    Map<String, INDArray> inputs = inputs(new Values(2));
    try (UNet2DConditionModel model = unet()) {
      assertThat(model.blocks())
          .containsExactly(
              Map.entry("down_blocks.0", 16),
              Map.entry("down_blocks.1", 32),
              Map.entry("mid_block", 32),
              Map.entry("up_blocks.0", 32),
              Map.entry("up_blocks.1", 16));
      for (String block : model.blocks().keySet()) {
        compare(engine -> model.activations(block, 3, 8, 8, 7, engine), inputs, Map.of());
        assertThat(model.activations(block, 3, 8, 8, 7, engine()).forward(inputs))
            .containsOnlyKeys(UNet2DConditionModel.ACTIVATIONS);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "down_blocks.0, down_blocks.0.downsamplers.0.conv.bias",
    "mid_block, mid_block.resnets.1.conv2.bias",
    "up_blocks.1, up_blocks.1.attentions.1.proj_out.bias"
  })
  void theActivationsAreWhatTheLastLayerOfTheBlockAddsUpTo(String block, String bias) {
    Map<String, INDArray> inputs = inputs(new Values(2));
    try (UNet2DConditionModel model = unet()) {
      float[] before = activations(model, block, inputs);
      model.parameters().get("conv_out.bias").addi(1); // comes after every block
      assertThat(activations(model, block, inputs)).isEqualTo(before);
      model.parameters().get(bias).addi(1);
      float[] after = activations(model, block, inputs);
      for (int i = 0; i < before.length; i++) {
        // One float addition more, of numbers of order 1 to 10.
        assertThat(after[i] - before[i]).isCloseTo(1, within(1e-5f));
      }
    }
  }

  private float[] activations(
      UNet2DConditionModel model, String block, Map<String, INDArray> inputs) {
    return floats(
        model.activations(block, 3, 8, 8, 7, engine()).forward(inputs),
        UNet2DConditionModel.ACTIVATIONS);
  }

  private static float[] floats(Map<String, INDArray> arrays, String name) {
    return requireNonNull(arrays.get(name)).data().asFloat();
  }

  // ---- Adapters

  private static Lora lora(UNet2DConditionModel model) {
    return Lora.create(
        "everywhere",
        LoraNetwork.UNET,
        model.parameters(),
        Lora.Options.ofRank(2).withTargets(LoraTargets.matching(".*")),
        Seed.of(6));
  }

  private static void train(Lora lora) {
    Values values = new Values(7);
    lora.parameters()
        .arrays()
        .forEach((name, array) -> array.assign(values.array(0.2, array.shape())));
  }

  @Test
  void theGradientsOfAnAdapterAtEveryLayerAgree() {
    Values values = new Values(3);
    Map<String, INDArray> inputs = inputs(values);
    try (UNet2DConditionModel model = unet();
        Lora lora = lora(model)) {
      train(lora);
      FunctionOptions options =
          FunctionOptions.inference().withAdapter(lora).withTrainable(lora.trainable());
      compare(
          engine -> model.function(3, 8, 8, 7, options.withEngine(engine)),
          inputs,
          Map.of(UNet2DConditionModel.OUT, values.array(1, 3, 4, 8, 8)));
    }
  }

  @Test
  void aNewAdapterLeavesTheOutputAsItIsAndATrainedOneDoesNot() {
    Map<String, INDArray> inputs = inputs(new Values(3));
    try (UNet2DConditionModel model = unet();
        Lora lora = lora(model)) {
      FunctionOptions without = FunctionOptions.inference().withEngine(engine());
      FunctionOptions with = without.withAdapter(lora).withTrainable(lora.trainable());
      float[] plain = out(model, without, inputs);
      // x + 0 is exact, but an engine may compute layers together where no adapter is between them.
      assertThat(UNetRun.error(out(model, with, inputs), plain)).isLessThan(bounds().forward());
      train(lora);
      assertThat(UNetRun.error(out(model, with, inputs), plain))
          .isGreaterThan(10 * bounds().forward());
    }
  }

  private static float[] out(
      UNet2DConditionModel model, FunctionOptions options, Map<String, INDArray> inputs) {
    return floats(model.function(3, 8, 8, 7, options).forward(inputs), UNet2DConditionModel.OUT);
  }

  // ---- The other networks

  @Test
  void theEncodersOutputsAndGradientsAgree() {
    Values values = new Values(4);
    FunctionOptions options =
        FunctionOptions.training().withInputGradients(Set.of(AutoencoderKl.IMAGE));
    try (AutoencoderKl model = AutoencoderKl.random(VAE, Seed.of(8))) {
      compare(
          engine -> model.encoder(2, 16, 16, options.withEngine(engine)),
          Map.of(AutoencoderKl.IMAGE, values.array(1, 2, 3, 16, 16)),
          Map.of(
              AutoencoderKl.MEAN,
              values.array(1, 2, 4, 8, 8),
              AutoencoderKl.LOGVAR,
              values.array(1, 2, 4, 8, 8)));
    }
  }

  @Test
  void theDecodersOutputsAndGradientsAgree() {
    Values values = new Values(4);
    FunctionOptions options =
        FunctionOptions.training().withInputGradients(Set.of(AutoencoderKl.LATENT));
    try (AutoencoderKl model = AutoencoderKl.random(VAE, Seed.of(8))) {
      compare(
          engine -> model.decoder(2, 8, 8, options.withEngine(engine)),
          Map.of(AutoencoderKl.LATENT, values.array(1, 2, 4, 8, 8)),
          Map.of(AutoencoderKl.DECODED, values.array(1, 2, 3, 16, 16)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void theTextEncodersOutputsAndGradientsAgree(int clipSkip) {
    Values values = new Values(5);
    try (ClipTextModel model = ClipTextModel.random(TEXT, Seed.of(9));
        INDArray ids =
            Nd4j.createFromArray(
                new int[][] {{38, 1, 2, 3, 39, 39, 39}, {38, 7, 7, 0, 21, 5, 39}})) {
      compare(
          engine -> model.function(2, 7, clipSkip, FunctionOptions.training().withEngine(engine)),
          Map.of(ClipTextModel.INPUT_IDS, ids),
          Map.of(ClipTextModel.LAST_HIDDEN_STATE, values.array(1, 2, 7, 24)));
    }
  }
}

package org.tastemaker.diffusion.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.onednn.Comparison.Values;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;

/** A whole U-Net, compiled against replayed. */
class WholeModelTest {
  private static final UNetConfig CONFIG =
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

  private static Predicate<String> trained(String mode) {
    return switch (mode) {
      case "everything" -> name -> true;
      case "attention" -> name -> name.contains("attn");
      default -> name -> false;
    };
  }

  /** Compiles, and says which layers had no kernel. */
  private static final class StockLayers implements Engine {
    private @Nullable Set<String> layers;

    @Override
    public String name() {
      return "stock layers";
    }

    @Override
    public Optional<String> whyNot() {
      return Optional.empty();
    }

    @Override
    public GraphFunction create(GraphDefinition graph) {
      CompiledFunction function = new CompiledFunction(graph, Set.of(), null);
      layers = function.stockLayers();
      return function;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"everything", "attention", "nothing"})
  void outputAndGradientsAgree(String mode) {
    Values values = new Values(2);
    Map<String, INDArray> inputs = inputs(values);
    FunctionOptions options = FunctionOptions.inference().withTrainable(trained(mode));
    if (mode.equals("everything")) {
      options =
          options.withInputGradients(
              Set.of(UNet2DConditionModel.SAMPLE, UNet2DConditionModel.TEXT));
    }
    try (UNet2DConditionModel model = UNet2DConditionModel.random(CONFIG, Seed.of(5))) {
      StockLayers stock = new StockLayers();
      GraphFunction compiled = model.function(3, 8, 8, 7, options.withEngine(stock));
      GraphFunction replay =
          model.function(3, 8, 8, 7, options.withEngine(Engines.named("replay")));
      assertThat(stock.layers).isEmpty();
      Comparison.assertClose(compiled.forward(inputs), replay.forward(inputs), Comparison.FORWARD);
      if (!mode.equals("nothing")) {
        Map<String, INDArray> cotangents =
            Map.of(UNet2DConditionModel.OUT, values.array(1, 3, 4, 8, 8));
        Comparison.assertClose(
            compiled.backward(cotangents), replay.backward(cotangents), Comparison.GRADIENT);
      }
    }
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

  @Test
  void theActivationsOfEveryBlockAgree() {
    Map<String, INDArray> inputs = inputs(new Values(2));
    try (UNet2DConditionModel model = UNet2DConditionModel.random(CONFIG, Seed.of(5))) {
      assertThat(model.blocks())
          .containsExactly(
              Map.entry("down_blocks.0", 16),
              Map.entry("down_blocks.1", 32),
              Map.entry("mid_block", 32),
              Map.entry("up_blocks.0", 32),
              Map.entry("up_blocks.1", 16));
      for (String block : model.blocks().keySet()) {
        Map<String, INDArray> compiled =
            model.activations(block, 3, 8, 8, 7, Engines.named("onednn")).forward(inputs);
        assertThat(compiled).containsOnlyKeys(UNet2DConditionModel.ACTIVATIONS);
        Comparison.assertClose(
            compiled,
            model.activations(block, 3, 8, 8, 7, Engines.named("replay")).forward(inputs),
            Comparison.FORWARD);
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
    try (UNet2DConditionModel model = UNet2DConditionModel.random(CONFIG, Seed.of(5))) {
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

  private static float[] activations(
      UNet2DConditionModel model, String block, Map<String, INDArray> inputs) {
    return Objects.requireNonNull(
            model
                .activations(block, 3, 8, 8, 7, Engines.named("onednn"))
                .forward(inputs)
                .get(UNet2DConditionModel.ACTIVATIONS))
        .data()
        .asFloat();
  }

  @Test
  void aBlockThatIsNotThereIsAnError() {
    try (UNet2DConditionModel model = UNet2DConditionModel.random(CONFIG, Seed.of(5))) {
      assertThatThrownBy(
              () -> model.activations("up_blocks.2", 3, 8, 8, 7, Engines.named("onednn")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "there is no block \"up_blocks.2\"; the model has [down_blocks.0, down_blocks.1,"
                  + " mid_block, up_blocks.0, up_blocks.1]");
    }
  }
}

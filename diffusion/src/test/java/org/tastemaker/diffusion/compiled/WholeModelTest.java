package org.tastemaker.diffusion.compiled;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.compiled.Comparison.Values;
import org.tastemaker.diffusion.graph.GraphFunction;
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

  @ParameterizedTest
  @ValueSource(strings = {"everything", "attention", "nothing"})
  void outputAndGradientsAgree(String mode) {
    Values values = new Values(2);
    Map<String, INDArray> inputs =
        Map.of(
            UNet2DConditionModel.SAMPLE,
            values.array(1, 3, 4, 8, 8),
            UNet2DConditionModel.TIMESTEP,
            values.array(0, 3).addi(411),
            UNet2DConditionModel.TEXT,
            values.array(1, 3, 7, 24));
    FunctionOptions options = FunctionOptions.inference().withTrainable(trained(mode));
    if (mode.equals("everything")) {
      options =
          options.withInputGradients(
              Set.of(UNet2DConditionModel.SAMPLE, UNet2DConditionModel.TEXT));
    }
    try (UNet2DConditionModel model = UNet2DConditionModel.random(CONFIG, Seed.of(5))) {
      GraphFunction compiled =
          model.function(3, 8, 8, 7, options.withFactory(Execution.compiled()));
      GraphFunction replay = model.function(3, 8, 8, 7, options.withFactory(Execution.replay()));
      assertThat(compiled)
          .isInstanceOfSatisfying(
              CompiledFunction.class, function -> assertThat(function.stockLayers()).isEmpty());
      Comparison.assertClose(compiled.forward(inputs), replay.forward(inputs), Comparison.FORWARD);
      if (!mode.equals("nothing")) {
        Map<String, INDArray> cotangents =
            Map.of(UNet2DConditionModel.OUT, values.array(1, 3, 4, 8, 8));
        Comparison.assertClose(
            compiled.backward(cotangents), replay.backward(cotangents), Comparison.GRADIENT);
      }
    }
  }
}

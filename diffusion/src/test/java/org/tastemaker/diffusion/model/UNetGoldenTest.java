package org.tastemaker.diffusion.model;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.testing.Goldens;

class UNetGoldenTest {
  private static final String GRADIENT = "grad.";

  static List<Path> cases() {
    return Goldens.cases("unet_");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void outputAndGradientsAreThoseOfDiffusers(Path golden) {
    Goldens expected = Goldens.of(golden);
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        UNet2DConditionModel model = UNet2DConditionModel.load(golden);
        INDArray sample = io.array("sample", DataType.FLOAT);
        INDArray text = io.array("encoder_hidden_states", DataType.FLOAT);
        INDArray timestep = timesteps(io.array("timestep"), sample.size(0))) {
      Set<String> trained =
          Set.copyOf(
              io.names().stream()
                  .filter(name -> name.startsWith(GRADIENT))
                  .map(name -> name.substring(GRADIENT.length()))
                  .toList());
      FunctionOptions options =
          trained.isEmpty()
              ? FunctionOptions.inference()
              : FunctionOptions.inference().withTrainable(trained::contains);
      GraphFunction unet =
          model.function(
              (int) sample.size(0),
              (int) sample.size(2),
              (int) sample.size(3),
              (int) text.size(1),
              options);
      Map<String, INDArray> outputs =
          unet.forward(
              Map.of(
                  UNet2DConditionModel.SAMPLE, sample,
                  UNet2DConditionModel.TIMESTEP, timestep,
                  UNet2DConditionModel.TEXT, text));
      INDArray out = requireNonNull(outputs.get(UNet2DConditionModel.OUT));
      expected.check("out", out, Goldens.BOUND);

      if (!trained.isEmpty()) {
        try (INDArray cotangent = io.array("cotangent", DataType.FLOAT)) {
          Map<String, INDArray> gradients =
              unet.backward(Map.of(UNet2DConditionModel.OUT, cotangent));
          assertThat(gradients).containsOnlyKeys(trained);
          double scale = expected.largestNorm(GRADIENT);
          gradients.forEach(
              (name, gradient) ->
                  expected.check(
                      GRADIENT + name,
                      model.parameters().torchLayout(name, gradient),
                      Goldens.GRADIENT_BOUND,
                      scale));
        }
      }
    }
  }

  /** One time step for all images, or one for each; whole or fractional. */
  private static INDArray timesteps(INDArray values, long batch) {
    INDArray timesteps = Nd4j.create(DataType.FLOAT, batch);
    for (int i = 0; i < batch; i++) {
      timesteps.putScalar(i, values.getDouble(values.length() == 1 ? 0 : i));
    }
    values.close();
    return timesteps;
  }
}

package org.tastemaker.diffusion.model;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.CapturingEngine;
import org.tastemaker.diffusion.engine.graph.GradientCheck;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/** The U-Net of Stable Diffusion XL. */
class XlUNetTest {
  private static final UNetConfig XL =
      new UNetConfig(
          128,
          4,
          4,
          ImmutableList.of(320, 640, 1280),
          ImmutableList.of("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
          ImmutableList.of("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
          ImmutableList.of(2, 2, 2),
          ImmutableList.of(1, 2, 10),
          ImmutableList.of(5, 10, 20),
          2048,
          32,
          1e-5,
          3,
          3,
          1,
          true,
          0,
          1280,
          true,
          Optional.of(new UNetConfig.Added(256, 2816)));

  @Test
  void theUNetOfStableDiffusionXlHasThePublishedSize() {
    long numbers = 0;
    for (ParameterSpec spec : UNet2DConditionModel.declare(XL)) {
      numbers += spec.layout().stream().reduce(1, (a, b) -> a * b);
    }
    assertThat(UNet2DConditionModel.names(XL)).hasSize(1680);
    assertThat(numbers).isEqualTo(2_567_463_684L);
  }

  /** A U-Net like the tiny one, told a vector of 3 and two sizes of 4 numbers each. */
  private static UNetConfig told(UNetConfig known) {
    return new UNetConfig(
        known.sampleSize(),
        known.inChannels(),
        known.outChannels(),
        known.blockOutChannels(),
        known.downBlockTypes(),
        known.upBlockTypes(),
        known.layersPerBlock(),
        known.transformerLayers(),
        known.heads(),
        known.crossAttentionDim(),
        known.normNumGroups(),
        known.normEps(),
        known.convInKernel(),
        known.convOutKernel(),
        known.downsamplePadding(),
        known.flipSinToCos(),
        known.freqShift(),
        known.timeEmbeddingDim(),
        known.useLinearProjection(),
        Optional.of(new UNetConfig.Added(4, 11)));
  }

  private static Map<String, INDArray> inputs(UNetConfig config) {
    Map<String, INDArray> inputs = new HashMap<>();
    inputs.put(
        UNet2DConditionModel.SAMPLE,
        TestModels.random(DataType.DOUBLE, 1, 1, config.inChannels(), 4, 4));
    inputs.put(UNet2DConditionModel.TIMESTEP, Nd4j.createFromArray(new double[] {321}));
    inputs.put(
        UNet2DConditionModel.TEXT,
        TestModels.random(DataType.DOUBLE, 3, 1, 3, config.crossAttentionDim()));
    return inputs;
  }

  private static INDArray out(GraphFunction function, Map<String, INDArray> inputs) {
    return requireNonNull(function.forward(inputs).get(UNet2DConditionModel.OUT));
  }

  @Test
  void theGradientOfWhatIsToldIsThatOfDifferences() {
    UNetConfig config = told(TestModels.unet(true));
    Set<String> trained = Set.of("add_embedding.linear_1.weight", "add_embedding.linear_2.bias");
    CapturingEngine engine = new CapturingEngine();
    FunctionOptions options =
        FunctionOptions.inference()
            .withTrainable(trained::contains)
            .withInputGradients(Set.of(UNet2DConditionModel.ADDED))
            .withEngine(engine);
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(config, Seed.of(5), DataType.DOUBLE)) {
      GraphFunction function = model.function(1, 4, 4, 3, options);
      Map<String, INDArray> inputs = inputs(config);
      inputs.put(UNet2DConditionModel.ADDED, TestModels.random(DataType.DOUBLE, 4, 1, 11));
      // The bound is explained there.
      assertThat(GradientCheck.errors(function, engine.graph(), inputs))
          .hasSize(3)
          .allSatisfy((leaf, error) -> assertThat(error).as(leaf).isLessThan(GradientCheck.BOUND));
    }
  }

  @Test
  void whatIsToldBesideTheTextIsAddedToTheTime() {
    UNetConfig plain = TestModels.unet(true);
    float[] row = told(plain).addedRow(new float[] {1, -2, 0.5f}, new double[] {16, 9});
    try (UNet2DConditionModel told =
            UNet2DConditionModel.random(told(plain), Seed.of(5), DataType.DOUBLE);
        UNet2DConditionModel shifted =
            UNet2DConditionModel.random(plain, Seed.of(6), DataType.DOUBLE)) {
      // The same network, with silu(row W1 + b1) W2 + b2 in the bias of the time's last layer.
      shifted.parameters().arrays().forEach((name, a) -> a.assign(told.parameters().get(name)));
      double[] hidden = layer(told, "add_embedding.linear_1", doubles(row));
      for (int i = 0; i < hidden.length; i++) {
        hidden[i] = hidden[i] / (1 + Math.exp(-hidden[i]));
      }
      double[] more = layer(told, "add_embedding.linear_2", hidden);
      INDArray bias = shifted.parameters().get("time_embedding.linear_2.bias");
      for (int i = 0; i < more.length; i++) {
        bias.putScalar(i, bias.getDouble(i) + more[i]);
      }
      Map<String, INDArray> inputs = inputs(plain);
      INDArray expected =
          out(shifted.function(1, 4, 4, 3, FunctionOptions.inference()), inputs).dup();
      inputs.put(UNet2DConditionModel.ADDED, Nd4j.createFromArray(new double[][] {doubles(row)}));
      INDArray actual = out(told.function(1, 4, 4, 3, FunctionOptions.inference()), inputs);
      assertThat(actual.distance2(expected))
          .isLessThan(1e-12 * expected.norm2Number().doubleValue());
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  private static double[] layer(UNet2DConditionModel model, String name, double[] x) {
    Parameters parameters = model.parameters();
    INDArray weight =
        parameters.torchLayout(name + ".weight", parameters.get(name + ".weight")); // [out, in]
    double[] y = new double[(int) weight.size(0)];
    for (int o = 0; o < y.length; o++) {
      y[o] = parameters.get(name + ".bias").getDouble(o);
      for (int i = 0; i < x.length; i++) {
        y[o] += weight.getDouble(o, i) * x[i];
      }
    }
    return y;
  }

  @Test
  void sizesAreToldAsTheTimeIs() {
    // cos and sin of 16 and of 16 / 100, the cosines first.
    assertThat(told(TestModels.unet(true)).addedRow(new float[] {7, 8, 9}, new double[] {16, 0}))
        .containsExactly(
            new float[] {
              7,
              8,
              9,
              (float) Math.cos(16),
              (float) Math.cos(0.16),
              (float) Math.sin(16),
              (float) Math.sin(0.16),
              1,
              1,
              0,
              0
            },
            within(1e-7f));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> told(TestModels.unet(true)).addedRow(new float[3], new double[] {1, 2, 3}))
        .withMessageContaining("told 2 sizes beside the text, but was given 3");
  }

  /** The settings of the published base model that are not the usual ones. */
  private static final String PUBLISHED =
      """
      {
        "_class_name": "UNet2DConditionModel",
        "addition_embed_type": "text_time",
        "addition_embed_type_num_heads": 64,
        "addition_time_embed_dim": 256,
        "attention_head_dim": [5, 10, 20],
        "block_out_channels": [320, 640, 1280],
        "cross_attention_dim": 2048,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "projection_class_embeddings_input_dim": 2816,
        "sample_size": 128,
        "transformer_layers_per_block": [1, 2, 10],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "upcast_attention": null,
        "use_linear_projection": true
      }
      """;

  @Test
  void thePublishedConfigurationIsReadAndWritten(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("config.json");
    Files.writeString(file, PUBLISHED);
    assertThat(UNetConfig.read(file)).isEqualTo(XL);
    XL.write(file);
    assertThat(UNetConfig.read(file)).isEqualTo(XL);
  }
}

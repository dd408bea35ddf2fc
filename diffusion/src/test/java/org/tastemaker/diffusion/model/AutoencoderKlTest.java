package org.tastemaker.diffusion.model;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.CapturingEngine;
import org.tastemaker.diffusion.engine.graph.GradientCheck;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.testing.Goldens;

class AutoencoderKlTest {
  static List<Path> cases() {
    return Goldens.cases("vae_");
  }

  private static void assertGradients(
      AutoencoderKl vae, boolean encoder, Set<String> trained, String input, INDArray value) {
    CapturingEngine engine = new CapturingEngine();
    FunctionOptions options =
        FunctionOptions.inference()
            .withTrainable(trained::contains)
            .withInputGradients(Set.of(input))
            .withEngine(engine);
    GraphFunction function =
        encoder ? vae.encoder(1, 4, 4, options) : vae.decoder(1, 2, 2, options);
    // The bound is explained there.
    assertThat(GradientCheck.errors(function, engine.graph(), Map.of(input, value)))
        .hasSize(trained.size() + 1)
        .allSatisfy((leaf, error) -> assertThat(error).as(leaf).isLessThan(GradientCheck.BOUND));
  }

  @Test
  void theOutlineIsADecodersGraphWithInputsForParameters() {
    CapturingEngine engine = new CapturingEngine();
    try (AutoencoderKl vae = AutoencoderKl.random(TestModels.vae(), Seed.of(3))) {
      GraphFunction unused = vae.decoder(2, 4, 3, FunctionOptions.inference().withEngine(engine));
    }
    GraphDefinition outline = AutoencoderKl.decoderOutline(TestModels.vae(), 2, 4, 3);
    assertThat(outline.layers()).isEqualTo(engine.graph().layers());
    assertThat(outline.outputs()).isEqualTo(engine.graph().outputs());
    assertThat(outline.inputs().values())
        .containsExactlyElementsOf(
            engine.graph().leaves().values().stream().map(Leaf::tensor).toList());
  }

  @Test
  void gradientsOfTheEncoderAreRight() {
    try (AutoencoderKl vae = AutoencoderKl.random(TestModels.vae(), Seed.of(3), DataType.DOUBLE)) {
      assertGradients(
          vae,
          true,
          Set.of(
              "encoder.down_blocks.0.downsamplers.0.conv.weight",
              "encoder.mid_block.attentions.0.to_q.weight",
              "encoder.mid_block.attentions.0.group_norm.weight",
              "quant_conv.weight"),
          AutoencoderKl.IMAGE,
          TestModels.random(DataType.DOUBLE, 1, 1, 3, 4, 4));
    }
  }

  @Test
  void gradientsOfTheDecoderAreRight() {
    try (AutoencoderKl vae = AutoencoderKl.random(TestModels.vae(), Seed.of(3), DataType.DOUBLE)) {
      assertGradients(
          vae,
          false,
          Set.of(
              "post_quant_conv.weight",
              "decoder.mid_block.attentions.0.to_out.0.weight",
              "decoder.up_blocks.0.upsamplers.0.conv.weight",
              "decoder.up_blocks.1.resnets.0.conv_shortcut.weight"),
          AutoencoderKl.LATENT,
          TestModels.random(DataType.DOUBLE, 1, 1, 2, 2, 2));
    }
  }

  @Test
  void logvarIsLimited() {
    try (AutoencoderKl vae = AutoencoderKl.random(TestModels.vae(), Seed.of(3))) {
      vae.parameters().get("quant_conv.bias").addi(1000);
      GraphFunction encoder = vae.encoder(1, 4, 4, FunctionOptions.inference());
      INDArray image = TestModels.random(DataType.FLOAT, 1, 1, 3, 4, 4);
      INDArray logvar =
          requireNonNull(encoder.forward(Map.of(AutoencoderKl.IMAGE, image)).get("logvar"));
      assertThat(logvar.dup().data().asFloat()).containsOnly(20);
    }
  }

  /** Files of 2022 call the attention's layers otherwise and store them as convolutions. */
  @ParameterizedTest
  @MethodSource("cases")
  void oldNamesOfTheAttentionAreRead(Path golden, @TempDir Path folder) throws IOException {
    Path weights = golden.resolve("diffusion_pytorch_model.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(weights)) {
      for (String name : file.names()) {
        String old =
            name.replace(".to_q.", ".query.")
                .replace(".to_k.", ".key.")
                .replace(".to_v.", ".value.")
                .replace(".to_out.0.", ".proj_attn.");
        long[] shape = file.info(name).shape().toArray();
        if (!old.equals(name) && shape.length == 2) {
          shape = new long[] {shape[0], shape[1], 1, 1};
        }
        writer.add(old, file.floats(name), DType.F32, shape);
      }
    }
    writer.write(folder.resolve("diffusion_pytorch_model.safetensors"));
    Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));

    try (AutoencoderKl expected = AutoencoderKl.load(golden);
        AutoencoderKl actual = AutoencoderKl.load(folder)) {
      expected
          .parameters()
          .arrays()
          .forEach(
              (name, array) ->
                  assertThat(actual.parameters().get(name).data().asFloat())
                      .isEqualTo(array.data().asFloat()));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void savedModelIsTheModel(Path golden, @TempDir Path folder) {
    try (AutoencoderKl vae = AutoencoderKl.load(golden)) {
      vae.save(folder);
      try (AutoencoderKl copy = AutoencoderKl.load(folder)) {
        assertThat(copy.config()).isEqualTo(vae.config());
        assertThat(copy.parameters().get("quant_conv.weight").data().asFloat())
            .isEqualTo(vae.parameters().get("quant_conv.weight").data().asFloat());
      }
    }
  }

  @Test
  void modelWithoutQuantConvolutionsAndAttentionHasNoneOfTheirParameters() {
    AutoencoderKlConfig with = TestModels.vae();
    AutoencoderKlConfig without =
        new AutoencoderKlConfig(
            8, 3, 3, 2, with.blockOutChannels(), 1, 2, false, false, false, 0.5, true);
    try (AutoencoderKl vae = AutoencoderKl.random(without, Seed.of(3))) {
      assertThat(vae.parameters().arrays().keySet())
          .noneMatch(name -> name.contains("quant") || name.contains("attention"));
      INDArray latent = TestModels.random(DataType.FLOAT, 1, 1, 2, 2, 2);
      GraphFunction decoder = vae.decoder(1, 2, 2, FunctionOptions.inference());
      assertThat(decoder.forward(Map.of(AutoencoderKl.LATENT, latent))).containsOnlyKeys("decoded");
    }
  }

  @Test
  void imageThatIsNoMultipleOfTheFactorIsRefused() {
    try (AutoencoderKl vae = AutoencoderKl.random(TestModels.vae(), Seed.of(3))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> vae.encoder(1, 5, 4, FunctionOptions.inference()))
          .withMessage("height and width of the images must be multiples of 2, but are 5 and 4");
    }
  }

  @Test
  void unsupportedSettingIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                AutoencoderKlConfig.read(
                    ConfigReader.of("config.json", "{\"shift_factor\": 0.1159}")))
        .withMessageContaining("shift_factor = 0.1159 is not supported; supported is only null");
  }
}

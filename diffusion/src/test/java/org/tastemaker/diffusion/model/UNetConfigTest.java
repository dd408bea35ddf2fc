package org.tastemaker.diffusion.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.testing.Goldens;

class UNetConfigTest {
  private static final String STABLE_DIFFUSION_1 =
      """
      {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.6.0", "act_fn": "silu",
       "attention_head_dim": 8, "block_out_channels": [320, 640, 1280, 1280],
       "center_input_sample": false, "cross_attention_dim": 768,
       "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D",
                            "CrossAttnDownBlock2D", "DownBlock2D"],
       "downsample_padding": 1, "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4,
       "layers_per_block": 2, "mid_block_scale_factor": 1, "norm_eps": 1e-05,
       "norm_num_groups": 32, "out_channels": 4, "sample_size": 64,
       "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D",
                          "CrossAttnUpBlock2D"]}
      """;

  private static UNetConfig read(String json) {
    return UNetConfig.read(ConfigReader.of("config.json", json));
  }

  private static String with(String key, String value) {
    return STABLE_DIFFUSION_1.replace("\"act_fn\"", "\"" + key + "\": " + value + ", \"act_fn\"");
  }

  static List<Path> cases() {
    return Goldens.cases("unet_");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void whatIsWrittenReadsTheSame(Path golden, @TempDir Path folder) {
    UNetConfig config = UNetConfig.read(golden.resolve("config.json"));
    config.write(folder.resolve("config.json"));
    assertThat(UNetConfig.read(folder.resolve("config.json"))).isEqualTo(config);
  }

  @Test
  void stableDiffusion1HasEightHeadsOnEveryLevel() {
    UNetConfig config = read(STABLE_DIFFUSION_1);
    assertThat(config.heads()).containsExactly(8, 8, 8, 8);
    assertThat(config.layersPerBlock()).containsExactly(2, 2, 2, 2);
    assertThat(config.timeEmbeddingDim()).isEqualTo(1280);
    assertThat(config.useLinearProjection()).isFalse();
  }

  @Test
  void stableDiffusion1HasThePublishedNumberOfParameters() {
    List<ParameterSpec> specs = UNet2DConditionModel.declare(read(STABLE_DIFFUSION_1));
    long count = specs.stream().mapToLong(s -> s.shape().stream().reduce(1, (a, b) -> a * b)).sum();
    // The sum over diffusers' own UNet2DConditionModel of this configuration.
    assertThat(count).isEqualTo(859_520_964L);
    assertThat(specs).hasSize(686);
  }

  @Test
  void stableDiffusion2HasHeadsPerLevelAndLinearProjections() {
    String json =
        STABLE_DIFFUSION_1
            .replace("\"attention_head_dim\": 8", "\"attention_head_dim\": [5, 10, 20, 20]")
            .replace(
                "\"act_fn\"",
                "\"use_linear_projection\": true, \"upcast_attention\": true, \"act_fn\"");
    UNetConfig config = read(json);
    assertThat(config.heads()).containsExactly(5, 10, 20, 20);
    assertThat(config.useLinearProjection()).isTrue();
  }

  @Test
  void numberOfAttentionHeadsComesFirst() {
    assertThat(read(with("num_attention_heads", "4")).heads()).containsExactly(4, 4, 4, 4);
  }

  @Test
  void transformerLayersMayDifferByLevel() {
    assertThat(read(with("transformer_layers_per_block", "[1, 2, 10, 1]")).transformerLayers())
        .containsExactly(1, 2, 10, 1);
  }

  @Test
  void unknownSettingIsNamedWithItsValue() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(with("use_magic", "true")))
        .withMessageContaining("config.json: unknown settings [use_magic = true]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "decay: 0.9999",
        "inv_gamma: 1.0",
        "optimization_step: 12000",
        "tie_word_embeddings: false",
        "gradient_checkpointing: true",
        "something_new: null"
      })
  void aSettingThatChangesNothingIsLeftAlone(String text) {
    String[] parts = text.split(": ", -1);
    assertThat(read(with(parts[0], parts[1]))).isEqualTo(read(STABLE_DIFFUSION_1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "only_cross_attention: true: false",
        "class_embed_type: \"timestep\": null",
        "addition_embed_type: \"image\": \"text_time\"",
        "resnet_time_scale_shift: \"scale_shift\": \"default\"",
        "dual_cross_attention: true: false",
        "dropout: 0.1: 0.0"
      })
  void unsupportedValueIsNamedWithTheSupportedOne(String text) {
    String[] parts = text.split(": ", -1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(with(parts[0], parts[1])))
        .withMessage(
            "config.json: %s = %s is not supported; supported is only %s",
            parts[0], parts[1], parts[2]);
  }

  @Test
  void unknownBlockTypeIsNamedWithTheSupportedOnes() {
    String json = STABLE_DIFFUSION_1.replace("\"DownBlock2D\"", "\"AttnDownBlock2D\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(json))
        .withMessageContaining("down_block_types must have one of")
        .withMessageContaining("AttnDownBlock2D");
  }

  @Test
  void listOfTheWrongLengthIsRefused() {
    String json =
        STABLE_DIFFUSION_1.replace("\"attention_head_dim\": 8", "\"attention_head_dim\": [5, 10]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(json))
        .withMessageContaining("it must be one whole number or a list of 4");
  }

  @Test
  void channelsThatTheHeadsDoNotDivideAreRefused() {
    String json =
        STABLE_DIFFUSION_1.replace("\"attention_head_dim\": 8", "\"attention_head_dim\": 7");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(json))
        .withMessage("block_out_channels: 320 channels cannot be divided into 7 heads");
  }

  @Test
  void textThatIsNotJsonIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read("{\"act_fn\": "))
        .withMessageContaining("config.json is not JSON");
  }

  @Test
  void wrongTypeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(with("conv_in_kernel", "\"three\"")))
        .withMessageContaining("conv_in_kernel = \"three\" is not supported; it must be a whole");
  }
}

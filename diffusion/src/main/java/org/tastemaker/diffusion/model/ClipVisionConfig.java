package org.tastemaker.diffusion.model;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;

/**
 * The configuration of a {@link ClipVisionModel}: the settings of transformers' config.json.
 *
 * @param hiddenSize the size of a token; a multiple of {@code numAttentionHeads}
 * @param intermediateSize the width of each layer's two-layer network
 * @param numHiddenLayers how many layers
 * @param numAttentionHeads how many heads each has
 * @param imageSize the side of an image, in pixels; a multiple of {@code patchSize}
 * @param patchSize the side of the square that becomes a token, in pixels
 * @param hiddenAct the activation
 * @param layerNormEps the epsilon of every norm
 * @param projectionDim the size of an image's vector
 */
public record ClipVisionConfig(
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int imageSize,
    int patchSize,
    Activation hiddenAct,
    double layerNormEps,
    int projectionDim) {

  static final int CHANNELS = 3;

  private static final int MOST_LAYERS = 256;
  private static final int MOST_PIXELS = 8192;

  /**
   * Checks every setting.
   *
   * @param hiddenSize as above
   * @param intermediateSize as above
   * @param numHiddenLayers as above
   * @param numAttentionHeads as above
   * @param imageSize as above
   * @param patchSize as above
   * @param hiddenAct as above
   * @param layerNormEps as above
   * @param projectionDim as above
   */
  public ClipVisionConfig {
    Configs.within("hidden_size", hiddenSize, 1, Configs.MOST_CHANNELS);
    Configs.within("intermediate_size", intermediateSize, 1, 8 * Configs.MOST_CHANNELS);
    Configs.within("num_hidden_layers", numHiddenLayers, 1, MOST_LAYERS);
    Configs.within("num_attention_heads", numAttentionHeads, 1, Configs.MOST_HEADS);
    Configs.within("image_size", imageSize, 1, MOST_PIXELS);
    Configs.within("patch_size", patchSize, 1, imageSize);
    Objects.requireNonNull(hiddenAct, "hiddenAct == null");
    Configs.positive("layer_norm_eps", layerNormEps);
    Configs.within("projection_dim", projectionDim, 1, Configs.MOST_CHANNELS);
    Configs.divides("hidden_size", hiddenSize, "heads", numAttentionHeads);
    Configs.divides("image_size", imageSize, "patches", patchSize);
  }

  /**
   * Reads a configuration.
   *
   * @param path of a config.json in the transformers format, of a CLIPVisionModelWithProjection
   * @return the configuration
   * @throws IllegalArgumentException if a setting is unknown or not supported; the message names it
   */
  public static ClipVisionConfig read(Path path) {
    return ConfigReader.read(path, ClipVisionConfig::read);
  }

  static ClipVisionConfig read(ConfigReader json) {
    // How the weights were first drawn, how they were stored, and dropout, which inference lacks.
    json.ignore(
            "architectures",
            "attention_dropout",
            "dropout",
            "dtype",
            "initializer_factor",
            "initializer_range",
            "torch_dtype",
            "transformers_version",
            "bos_token_id",
            "eos_token_id",
            "pad_token_id")
        .only(Map.of("model_type", "clip_vision_model", "num_channels", CHANNELS));
    ClipVisionConfig config =
        new ClipVisionConfig(
            json.integer("hidden_size", 768),
            json.integer("intermediate_size", 3072),
            json.integer("num_hidden_layers", 12),
            json.integer("num_attention_heads", 12),
            json.integer("image_size", 224),
            json.integer("patch_size", 32),
            Activation.of(json.text("hidden_act", "quick_gelu")),
            json.number("layer_norm_eps", 1e-5),
            json.integer("projection_dim", 512));
    json.done();
    return config;
  }

  /** The same with another size of an image's vector: a whole model's settings say it outside. */
  ClipVisionConfig withProjection(int size) {
    return new ClipVisionConfig(
        hiddenSize,
        intermediateSize,
        numHiddenLayers,
        numAttentionHeads,
        imageSize,
        patchSize,
        hiddenAct,
        layerNormEps,
        size);
  }

  /**
   * How many patches an image has.
   *
   * @return (imageSize / patchSize)^2; with the class token there is one more token
   */
  public int patches() {
    int side = imageSize / patchSize;
    return side * side;
  }

  /**
   * Writes the configuration so that transformers reads it.
   *
   * @param path of the config.json
   */
  public void write(Path path) {
    ConfigReader.write(path, settings());
  }

  /** As transformers has them. */
  Map<String, @Nullable Object> settings() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("architectures", List.of("CLIPVisionModelWithProjection"));
    json.put("model_type", "clip_vision_model");
    json.put("hidden_size", hiddenSize);
    json.put("intermediate_size", intermediateSize);
    json.put("num_hidden_layers", numHiddenLayers);
    json.put("num_attention_heads", numAttentionHeads);
    json.put("num_channels", CHANNELS);
    json.put("image_size", imageSize);
    json.put("patch_size", patchSize);
    json.put("hidden_act", hiddenAct.key());
    json.put("layer_norm_eps", layerNormEps);
    json.put("projection_dim", projectionDim);
    json.put("torch_dtype", "float32");
    return json;
  }
}

package org.tastemaker.diffusion.model;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a {@link ClipTextModel}: the settings of transformers' config.json.
 *
 * @param vocabSize how many token ids there are
 * @param hiddenSize the size of a token; a multiple of {@code numAttentionHeads}
 * @param intermediateSize the width of each layer's two-layer network
 * @param numHiddenLayers how many layers
 * @param numAttentionHeads how many heads each has
 * @param maxPositionEmbeddings the longest text, in tokens; 77 in CLIP
 * @param hiddenAct the activation
 * @param layerNormEps the epsilon of every norm
 * @param bosTokenId of the token that begins a text
 * @param eosTokenId of the token that ends a text; 2 in the files of CLIP's authors, where it
 *     stands for the greatest id in the text
 * @param padTokenId of the token that fills a text up
 * @param projectionDim the size of a text's vector, where there is a projection; otherwise kept for
 *     other programs
 * @param projected whether there is a projection after the last layer: transformers'
 *     CLIPTextModelWithProjection, and not CLIPTextModel
 */
public record ClipTextConfig(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int maxPositionEmbeddings,
    Activation hiddenAct,
    double layerNormEps,
    int bosTokenId,
    int eosTokenId,
    int padTokenId,
    int projectionDim,
    boolean projected) {

  private static final int MOST_TOKENS = 1_000_000;
  private static final int MOST_LAYERS = 256;
  private static final int MOST_POSITIONS = 65_536;

  private static final String PROJECTED = "CLIPTextModelWithProjection";

  /** The activations that CLIP models use. */
  public enum Activation {
    /** x sigmoid(1.702 x): OpenAI's models. */
    QUICK_GELU("quick_gelu"),
    /** The exact GELU: OpenCLIP's models, as in Stable Diffusion 2. */
    GELU("gelu");

    private final String key;

    Activation(String key) {
      this.key = key;
    }

    /** As in config.json. */
    String key() {
      return key;
    }

    static Activation of(String key) {
      for (Activation activation : values()) {
        if (activation.key.equals(key)) {
          return activation;
        }
      }
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "hidden_act = \"%s\" is not supported; supported are quick_gelu and gelu",
              Configs.shorten(key)));
    }
  }

  /**
   * Checks every setting.
   *
   * @param vocabSize as above
   * @param hiddenSize as above
   * @param intermediateSize as above
   * @param numHiddenLayers as above
   * @param numAttentionHeads as above
   * @param maxPositionEmbeddings as above
   * @param hiddenAct as above
   * @param layerNormEps as above
   * @param bosTokenId as above
   * @param eosTokenId as above
   * @param padTokenId as above
   * @param projectionDim as above
   * @param projected as above
   */
  public ClipTextConfig {
    Configs.within("vocab_size", vocabSize, 1, MOST_TOKENS);
    Configs.within("hidden_size", hiddenSize, 1, Configs.MOST_CHANNELS);
    Configs.within("intermediate_size", intermediateSize, 1, 8 * Configs.MOST_CHANNELS);
    Configs.within("num_hidden_layers", numHiddenLayers, 1, MOST_LAYERS);
    Configs.within("num_attention_heads", numAttentionHeads, 1, Configs.MOST_HEADS);
    Configs.within("max_position_embeddings", maxPositionEmbeddings, 1, MOST_POSITIONS);
    Configs.positive("layer_norm_eps", layerNormEps);
    Configs.divides("hidden_size", hiddenSize, "heads", numAttentionHeads);
    if (projected) {
      Configs.within("projection_dim", projectionDim, 1, Configs.MOST_CHANNELS);
    }
  }

  /**
   * The configuration of a model without a projection.
   *
   * @param vocabSize as above
   * @param hiddenSize as above
   * @param intermediateSize as above
   * @param numHiddenLayers as above
   * @param numAttentionHeads as above
   * @param maxPositionEmbeddings as above
   * @param hiddenAct as above
   * @param layerNormEps as above
   * @param bosTokenId as above
   * @param eosTokenId as above
   * @param padTokenId as above
   * @param projectionDim as above
   */
  public ClipTextConfig(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int numHiddenLayers,
      int numAttentionHeads,
      int maxPositionEmbeddings,
      Activation hiddenAct,
      double layerNormEps,
      int bosTokenId,
      int eosTokenId,
      int padTokenId,
      int projectionDim) {
    this(
        vocabSize,
        hiddenSize,
        intermediateSize,
        numHiddenLayers,
        numAttentionHeads,
        maxPositionEmbeddings,
        hiddenAct,
        layerNormEps,
        bosTokenId,
        eosTokenId,
        padTokenId,
        projectionDim,
        false);
  }

  /**
   * Reads a configuration.
   *
   * @param path of a config.json in the transformers format
   * @return the configuration
   * @throws IllegalArgumentException if a setting is unknown or not supported; the message names it
   */
  public static ClipTextConfig read(Path path) {
    return ConfigReader.read(path, ClipTextConfig::read);
  }

  /**
   * The same with a projection, as in a whole CLIP model.
   *
   * @param size of a text's vector
   * @return the configuration
   */
  public ClipTextConfig withProjection(int size) {
    return with(vocabSize, eosTokenId, size, true);
  }

  /** The same with another number of tokens and another end token. */
  ClipTextConfig withTokens(int vocabulary, int end) {
    return with(vocabulary, end, projectionDim, projected);
  }

  private ClipTextConfig with(int vocabulary, int end, int projection, boolean whole) {
    return new ClipTextConfig(
        vocabulary,
        hiddenSize,
        intermediateSize,
        numHiddenLayers,
        numAttentionHeads,
        maxPositionEmbeddings,
        hiddenAct,
        layerNormEps,
        bosTokenId,
        end,
        padTokenId,
        projection,
        whole);
  }

  static ClipTextConfig read(ConfigReader json) {
    // How the weights were first drawn, how they were stored, and dropout, which inference lacks.
    json.ignore(
            "attention_dropout",
            "dropout",
            "dtype",
            "initializer_factor",
            "initializer_range",
            "torch_dtype",
            "transformers_version",
            "use_cache",
            "output_hidden_states",
            "output_attentions",
            "return_dict")
        .only(Map.of("model_type", "clip_text_model"));
    ClipTextConfig config =
        new ClipTextConfig(
            json.integer("vocab_size", 49408),
            json.integer("hidden_size", 512),
            json.integer("intermediate_size", 2048),
            json.integer("num_hidden_layers", 12),
            json.integer("num_attention_heads", 8),
            json.integer("max_position_embeddings", 77),
            Activation.of(json.text("hidden_act", "quick_gelu")),
            json.number("layer_norm_eps", 1e-5),
            json.integer("bos_token_id", 49406),
            json.integer("eos_token_id", 49407),
            json.integer("pad_token_id", 1),
            json.integer("projection_dim", 512),
            json.texts("architectures", List.of()).contains(PROJECTED));
    json.done();
    return config;
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
    json.put("architectures", List.of(projected ? PROJECTED : "CLIPTextModel"));
    json.put("model_type", "clip_text_model");
    json.put("vocab_size", vocabSize);
    json.put("hidden_size", hiddenSize);
    json.put("intermediate_size", intermediateSize);
    json.put("num_hidden_layers", numHiddenLayers);
    json.put("num_attention_heads", numAttentionHeads);
    json.put("max_position_embeddings", maxPositionEmbeddings);
    json.put("hidden_act", hiddenAct.key);
    json.put("layer_norm_eps", layerNormEps);
    json.put("bos_token_id", bosTokenId);
    json.put("eos_token_id", eosTokenId);
    json.put("pad_token_id", padTokenId);
    json.put("projection_dim", projectionDim);
    json.put("torch_dtype", "float32");
    return json;
  }
}

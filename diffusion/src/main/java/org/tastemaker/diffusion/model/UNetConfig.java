package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a {@link UNet2DConditionModel}: the settings of diffusers' config.json that
 * Stable Diffusion 1, 2 and XL use. Every other setting that diffusers knows is accepted with its
 * default; any other value is rejected with an error that names the setting.
 *
 * @param sampleSize height and width of the latents that the model was trained on; a hint
 * @param inChannels of the latents
 * @param outChannels of the prediction
 * @param blockOutChannels the channels of each level, the outermost first; each a multiple of
 *     {@code normNumGroups} and of the level's heads
 * @param downBlockTypes for each level {@code CrossAttnDownBlock2D} or {@code DownBlock2D}
 * @param upBlockTypes for each level, the innermost first, {@code CrossAttnUpBlock2D} or {@code
 *     UpBlock2D}
 * @param layersPerBlock the residual blocks of each level on the way down; on the way up there is
 *     one more
 * @param transformerLayers the depth of each level's transformers
 * @param heads the attention heads of each level: what diffusers calls {@code attention_head_dim},
 *     or {@code num_attention_heads}
 * @param crossAttentionDim the size of a text token
 * @param normNumGroups the groups of every group norm
 * @param normEps the epsilon of the residual blocks' norms
 * @param convInKernel odd
 * @param convOutKernel odd
 * @param downsamplePadding 1, or 0 for a row and a column of zeros at the end
 * @param flipSinToCos whether the time embedding begins with the cosines
 * @param freqShift of the time embedding's frequencies
 * @param timeEmbeddingDim the size of the time embedding; in diffusers four times the outermost
 *     level's channels if not set
 * @param useLinearProjection whether a transformer's first and last layer are linear layers and not
 *     1 x 1 convolutions
 * @param added what it is told beside the text, if anything
 */
public record UNetConfig(
    int sampleSize,
    int inChannels,
    int outChannels,
    ImmutableList<Integer> blockOutChannels,
    ImmutableList<String> downBlockTypes,
    ImmutableList<String> upBlockTypes,
    ImmutableList<Integer> layersPerBlock,
    ImmutableList<Integer> transformerLayers,
    ImmutableList<Integer> heads,
    int crossAttentionDim,
    int normNumGroups,
    double normEps,
    int convInKernel,
    int convOutKernel,
    int downsamplePadding,
    boolean flipSinToCos,
    int freqShift,
    int timeEmbeddingDim,
    boolean useLinearProjection,
    Optional<Added> added) {

  private static final int MOST_SIDE = 8192;
  static final String CROSS_DOWN = "CrossAttnDownBlock2D";
  static final String DOWN = "DownBlock2D";
  static final String CROSS_UP = "CrossAttnUpBlock2D";
  static final String UP = "UpBlock2D";

  private static final String TEXT_TIME = "text_time";

  private static final Map<String, @Nullable Object> FIXED = fixed();
  private static final Map<String, @Nullable Object> NOTHING_ADDED = nothingAdded();

  /**
   * What Stable Diffusion XL is told beside the text's tokens (Podell et al., "SDXL", 2023, sec.
   * 2.2): the text as one vector, and sizes, each as sines and cosines. In diffusers this is {@code
   * addition_embed_type = text_time}.
   *
   * @param sizeChannels the sines and cosines of each size; even; {@code addition_time_embed_dim}
   * @param width of the vector and all sizes together; {@code
   *     projection_class_embeddings_input_dim}
   */
  public record Added(int sizeChannels, int width) {
    /**
     * Checks both.
     *
     * @param sizeChannels as above
     * @param width as above
     */
    public Added {
      Configs.within("addition_time_embed_dim", sizeChannels, 2, Configs.MOST_CHANNELS);
      Configs.within(
          "projection_class_embeddings_input_dim", width, sizeChannels, 4 * Configs.MOST_CHANNELS);
      if (sizeChannels % 2 != 0) {
        throw new IllegalArgumentException(
            "addition_time_embed_dim must be even, but was " + sizeChannels);
      }
    }

    /**
     * How many sizes there are beside a vector of the text.
     *
     * @param pooledWidth of the vector
     * @return 6 for Stable Diffusion XL, 5 for its refiner
     * @throws IllegalArgumentException if these widths do not fit
     */
    public int sizes(int pooledWidth) {
      int rest = width - pooledWidth;
      if (rest < 0 || rest % sizeChannels != 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the U-Net is told %d numbers beside the text, but a text's vector of %d and sizes of %d each do not add up to that",
                width,
                pooledWidth,
                sizeChannels));
      }
      return rest / sizeChannels;
    }
  }

  /**
   * Checks every setting.
   *
   * @param sampleSize as above
   * @param inChannels as above
   * @param outChannels as above
   * @param blockOutChannels as above
   * @param downBlockTypes as above
   * @param upBlockTypes as above
   * @param layersPerBlock as above
   * @param transformerLayers as above
   * @param heads as above
   * @param crossAttentionDim as above
   * @param normNumGroups as above
   * @param normEps as above
   * @param convInKernel as above
   * @param convOutKernel as above
   * @param downsamplePadding as above
   * @param flipSinToCos as above
   * @param freqShift as above
   * @param timeEmbeddingDim as above
   * @param useLinearProjection as above
   * @param added as above
   */
  public UNetConfig {
    int levels = blockOutChannels.size();
    Configs.levels(levels);
    Configs.within("sample_size", sampleSize, 1, MOST_SIDE);
    Configs.within("in_channels", inChannels, 1, Configs.MOST_CHANNELS);
    Configs.within("out_channels", outChannels, 1, Configs.MOST_CHANNELS);
    Configs.within("cross_attention_dim", crossAttentionDim, 1, Configs.MOST_CHANNELS);
    Configs.within("norm_num_groups", normNumGroups, 1, Configs.MOST_CHANNELS);
    Configs.within("time_embedding_dim", timeEmbeddingDim, 1, 4 * Configs.MOST_CHANNELS);
    Configs.positive("norm_eps", normEps);
    Configs.odd("conv_in_kernel", convInKernel);
    Configs.odd("conv_out_kernel", convOutKernel);
    Configs.each("down_block_types", downBlockTypes, levels, Set.of(CROSS_DOWN, DOWN));
    Configs.each("up_block_types", upBlockTypes, levels, Set.of(CROSS_UP, UP));
    Configs.each("layers_per_block", layersPerBlock, levels, Configs.MOST_LAYERS);
    Configs.each("transformer_layers_per_block", transformerLayers, levels, Configs.MOST_LAYERS);
    Configs.each("attention_head_dim", heads, levels, Configs.MOST_HEADS);
    Configs.each("block_out_channels", blockOutChannels, levels, Configs.MOST_CHANNELS);
    int blocks = 0;
    for (int i = 0; i < levels; i++) {
      blocks += layersPerBlock.get(i) * (1 + transformerLayers.get(i));
    }
    Configs.within(
        "the sum of layers_per_block times (1 + transformer_layers_per_block)",
        blocks,
        1,
        Configs.MOST_BLOCKS);
    if (downsamplePadding != 0 && downsamplePadding != 1) {
      throw new IllegalArgumentException(
          "downsample_padding must be 0 or 1, but was " + downsamplePadding);
    }
    for (int i = 0; i < levels; i++) {
      Configs.divides("block_out_channels", blockOutChannels.get(i), "groups", normNumGroups);
      Configs.divides("block_out_channels", blockOutChannels.get(i), "heads", heads.get(i));
    }
    if (blockOutChannels.get(0) % 2 != 0) {
      throw new IllegalArgumentException(
          "block_out_channels must begin with an even number, for the time embedding, but is "
              + blockOutChannels);
    }
    Configs.within("freq_shift", freqShift, 0, blockOutChannels.get(0) / 2 - 1);
    Objects.requireNonNull(added, "added == null: use Optional.empty() for nothing");
  }

  /**
   * The configuration of a network that is told nothing beside the text, as in Stable Diffusion 1
   * and 2.
   *
   * @param sampleSize as above
   * @param inChannels as above
   * @param outChannels as above
   * @param blockOutChannels as above
   * @param downBlockTypes as above
   * @param upBlockTypes as above
   * @param layersPerBlock as above
   * @param transformerLayers as above
   * @param heads as above
   * @param crossAttentionDim as above
   * @param normNumGroups as above
   * @param normEps as above
   * @param convInKernel as above
   * @param convOutKernel as above
   * @param downsamplePadding as above
   * @param flipSinToCos as above
   * @param freqShift as above
   * @param timeEmbeddingDim as above
   * @param useLinearProjection as above
   */
  public UNetConfig(
      int sampleSize,
      int inChannels,
      int outChannels,
      ImmutableList<Integer> blockOutChannels,
      ImmutableList<String> downBlockTypes,
      ImmutableList<String> upBlockTypes,
      ImmutableList<Integer> layersPerBlock,
      ImmutableList<Integer> transformerLayers,
      ImmutableList<Integer> heads,
      int crossAttentionDim,
      int normNumGroups,
      double normEps,
      int convInKernel,
      int convOutKernel,
      int downsamplePadding,
      boolean flipSinToCos,
      int freqShift,
      int timeEmbeddingDim,
      boolean useLinearProjection) {
    this(
        sampleSize,
        inChannels,
        outChannels,
        blockOutChannels,
        downBlockTypes,
        upBlockTypes,
        layersPerBlock,
        transformerLayers,
        heads,
        crossAttentionDim,
        normNumGroups,
        normEps,
        convInKernel,
        convOutKernel,
        downsamplePadding,
        flipSinToCos,
        freqShift,
        timeEmbeddingDim,
        useLinearProjection,
        Optional.empty());
  }

  /**
   * What a U-Net is told beside the text of one image: the text's vector, then the sines and
   * cosines of each size, with the frequencies of the time embedding.
   *
   * @param pooled the vector, [P]
   * @param sizes in the order of {@link UNet2DConditionModel#ADDED}'s training
   * @return [A]
   * @throws IllegalArgumentException if the network is told nothing, or not as much
   */
  public float[] addedRow(float[] pooled, double[] sizes) {
    Added it =
        added.orElseThrow(
            () -> new IllegalArgumentException("the U-Net is told nothing beside the text"));
    if (it.sizes(pooled.length) != sizes.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the U-Net is told %d sizes beside the text, but was given %d",
              it.sizes(pooled.length),
              sizes.length));
    }
    float[] row = Arrays.copyOf(pooled, it.width);
    int half = it.sizeChannels / 2;
    for (int k = 0; k < sizes.length; k++) {
      int from = pooled.length + k * it.sizeChannels;
      for (int i = 0; i < half; i++) {
        double angle = sizes[k] * Math.exp(-Math.log(10000) * i / (half - freqShift));
        row[from + (flipSinToCos ? half : 0) + i] = (float) Math.sin(angle);
        row[from + (flipSinToCos ? 0 : half) + i] = (float) Math.cos(angle);
      }
    }
    return row;
  }

  /**
   * Reads a configuration.
   *
   * @param path of a config.json in the diffusers format
   * @return the configuration
   * @throws IllegalArgumentException if a setting is unknown or not supported; the message names it
   */
  public static UNetConfig read(Path path) {
    return ConfigReader.read(path, UNetConfig::read);
  }

  static UNetConfig read(ConfigReader json) {
    // In float32 upcast_attention changes nothing; the head count is only used by other embeddings.
    json.ignore("upcast_attention", "addition_embed_type_num_heads").only(FIXED);
    List<Integer> channels = json.integers("block_out_channels", List.of(320, 640, 1280, 1280));
    int levels = channels.size();
    String heads = json.has("num_attention_heads") ? "num_attention_heads" : "attention_head_dim";
    json.has("attention_head_dim");
    int outermost = channels.isEmpty() ? 0 : channels.get(0);
    UNetConfig config =
        new UNetConfig(
            json.integer("sample_size", 64),
            json.integer("in_channels", 4),
            json.integer("out_channels", 4),
            ImmutableList.copyOf(channels),
            json.texts("down_block_types", List.of(CROSS_DOWN, CROSS_DOWN, CROSS_DOWN, DOWN)),
            json.texts("up_block_types", List.of(UP, CROSS_UP, CROSS_UP, CROSS_UP)),
            json.perLevel("layers_per_block", 2, levels),
            json.perLevel("transformer_layers_per_block", 1, levels),
            json.perLevel(heads, 8, levels),
            json.integer("cross_attention_dim", 1280),
            json.integer("norm_num_groups", 32),
            json.number("norm_eps", 1e-5),
            json.integer("conv_in_kernel", 3),
            json.integer("conv_out_kernel", 3),
            json.integer("downsample_padding", 1),
            json.flag("flip_sin_to_cos", true),
            json.integer("freq_shift", 0),
            json.integer("time_embedding_dim", (int) Math.min(4L * outermost, Integer.MAX_VALUE)),
            json.flag("use_linear_projection", false),
            added(json));
    json.done();
    return config;
  }

  private static Optional<Added> added(ConfigReader json) {
    if (!json.has("addition_embed_type")) {
      json.only(NOTHING_ADDED);
      return Optional.empty();
    }
    json.only(Map.of("addition_embed_type", TEXT_TIME));
    return Optional.of(
        new Added(
            json.integer("addition_time_embed_dim", 256),
            json.integer("projection_class_embeddings_input_dim", 2816)));
  }

  /**
   * Writes the configuration so that diffusers reads it.
   *
   * @param path of the config.json
   */
  public void write(Path path) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("_class_name", "UNet2DConditionModel");
    json.put("sample_size", sampleSize);
    json.put("in_channels", inChannels);
    json.put("out_channels", outChannels);
    json.put("block_out_channels", blockOutChannels);
    json.put("down_block_types", downBlockTypes);
    json.put("up_block_types", upBlockTypes);
    json.put("layers_per_block", Configs.scalarIfEqual(layersPerBlock));
    json.put("transformer_layers_per_block", Configs.scalarIfEqual(transformerLayers));
    json.put("attention_head_dim", Configs.scalarIfEqual(heads));
    json.put("num_attention_heads", null);
    json.put("cross_attention_dim", crossAttentionDim);
    json.put("norm_num_groups", normNumGroups);
    json.put("norm_eps", normEps);
    json.put("conv_in_kernel", convInKernel);
    json.put("conv_out_kernel", convOutKernel);
    json.put("downsample_padding", downsamplePadding);
    json.put("flip_sin_to_cos", flipSinToCos);
    json.put("freq_shift", freqShift);
    json.put("time_embedding_dim", timeEmbeddingDim);
    json.put("use_linear_projection", useLinearProjection);
    json.putAll(NOTHING_ADDED);
    added.ifPresent(
        it -> {
          json.put("addition_embed_type", TEXT_TIME);
          json.put("addition_time_embed_dim", it.sizeChannels);
          json.put("projection_class_embeddings_input_dim", it.width);
        });
    json.putAll(FIXED);
    ConfigReader.write(path, json);
  }

  private static Map<String, @Nullable Object> fixed() {
    Map<String, @Nullable Object> fixed = new LinkedHashMap<>();
    fixed.put("act_fn", "silu");
    fixed.put("attention_type", "default");
    fixed.put("center_input_sample", false);
    fixed.put("class_embeddings_concat", false);
    fixed.put("dropout", 0.0);
    fixed.put("dual_cross_attention", false);
    fixed.put("mid_block_scale_factor", 1);
    fixed.put("mid_block_type", "UNetMidBlock2DCrossAttn");
    fixed.put("only_cross_attention", false);
    fixed.put("resnet_out_scale_factor", 1.0);
    fixed.put("resnet_skip_time_act", false);
    fixed.put("resnet_time_scale_shift", "default");
    fixed.put("time_embedding_type", "positional");
    for (String unset :
        List.of(
            "class_embed_type",
            "cross_attention_norm",
            "encoder_hid_dim",
            "encoder_hid_dim_type",
            "mid_block_only_cross_attention",
            "num_class_embeds",
            "reverse_transformer_layers_per_block",
            "time_cond_proj_dim",
            "time_embedding_act_fn",
            "timestep_post_act")) {
      fixed.put(unset, null);
    }
    return fixed;
  }

  private static Map<String, @Nullable Object> nothingAdded() {
    Map<String, @Nullable Object> unset = new LinkedHashMap<>();
    unset.put("addition_embed_type", null);
    unset.put("addition_time_embed_dim", null);
    unset.put("projection_class_embeddings_input_dim", null);
    return unset;
  }
}

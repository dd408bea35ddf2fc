package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of an {@link AutoencoderKl}: the settings of diffusers' config.json that Stable
 * Diffusion 1 and 2 use. Every other setting that diffusers knows is accepted with its default; any
 * other value is rejected with an error that names the setting.
 *
 * @param sampleSize height and width of the images that the model was trained on; a hint
 * @param inChannels of the images that it encodes
 * @param outChannels of the images that it decodes
 * @param latentChannels of the latents
 * @param blockOutChannels the channels of each level, the outermost first; each a multiple of
 *     {@code normNumGroups}; each level but the last halves the image
 * @param layersPerBlock the residual blocks of each level of the encoder; the decoder has one more
 * @param normNumGroups the groups of every group norm
 * @param midBlockAddAttention whether the middle block has its attention
 * @param useQuantConv whether a 1 x 1 convolution follows the encoder
 * @param usePostQuantConv whether a 1 x 1 convolution precedes the decoder
 * @param scalingFactor what latents are multiplied by for the denoising network, and divided by
 *     before they are decoded
 * @param forceUpcast a hint to programs that run in half precision; kept for them
 */
public record AutoencoderKlConfig(
    int sampleSize,
    int inChannels,
    int outChannels,
    int latentChannels,
    ImmutableList<Integer> blockOutChannels,
    int layersPerBlock,
    int normNumGroups,
    boolean midBlockAddAttention,
    boolean useQuantConv,
    boolean usePostQuantConv,
    double scalingFactor,
    boolean forceUpcast) {
  private static final int MOST_SIDE = 65_536;
  private static final String DOWN = "DownEncoderBlock2D";
  private static final String UP = "UpDecoderBlock2D";
  private static final Map<String, @Nullable Object> FIXED = fixed();

  /**
   * Checks every setting.
   *
   * @param sampleSize as above
   * @param inChannels as above
   * @param outChannels as above
   * @param latentChannels as above
   * @param blockOutChannels as above
   * @param layersPerBlock as above
   * @param normNumGroups as above
   * @param midBlockAddAttention as above
   * @param useQuantConv as above
   * @param usePostQuantConv as above
   * @param scalingFactor as above
   * @param forceUpcast as above
   */
  public AutoencoderKlConfig {
    Configs.levels(blockOutChannels.size());
    Configs.within("sample_size", sampleSize, 1, MOST_SIDE);
    Configs.within("in_channels", inChannels, 1, Configs.MOST_CHANNELS);
    Configs.within("out_channels", outChannels, 1, Configs.MOST_CHANNELS);
    Configs.within("latent_channels", latentChannels, 1, Configs.MOST_CHANNELS);
    Configs.within("layers_per_block", layersPerBlock, 1, Configs.MOST_LAYERS);
    Configs.within("norm_num_groups", normNumGroups, 1, Configs.MOST_CHANNELS);
    Configs.positive("scaling_factor", scalingFactor);
    Configs.each(
        "block_out_channels", blockOutChannels, blockOutChannels.size(), Configs.MOST_CHANNELS);
    for (int channels : blockOutChannels) {
      Configs.divides("block_out_channels", channels, "groups", normNumGroups);
    }
  }

  /**
   * How many pixels a latent stands for, along one side.
   *
   * @return 2^(levels - 1); 8 in Stable Diffusion
   */
  public int factor() {
    return 1 << (blockOutChannels.size() - 1);
  }

  /**
   * Reads a configuration.
   *
   * @param path of a config.json in the diffusers format
   * @return the configuration
   * @throws IllegalArgumentException if a setting is unknown or not supported; the message names it
   */
  public static AutoencoderKlConfig read(Path path) {
    return ConfigReader.read(path, AutoencoderKlConfig::read);
  }

  static AutoencoderKlConfig read(ConfigReader json) {
    json.only(FIXED);
    ImmutableList<Integer> channels = json.integers("block_out_channels", List.of(64));
    int levels = channels.size();
    Configs.levels(levels);
    Configs.each(
        "down_block_types",
        json.texts("down_block_types", Collections.nCopies(levels, DOWN)),
        levels,
        Set.of(DOWN));
    Configs.each(
        "up_block_types",
        json.texts("up_block_types", Collections.nCopies(levels, UP)),
        levels,
        Set.of(UP));
    AutoencoderKlConfig config =
        new AutoencoderKlConfig(
            json.integer("sample_size", 32),
            json.integer("in_channels", 3),
            json.integer("out_channels", 3),
            json.integer("latent_channels", 4),
            channels,
            json.integer("layers_per_block", 1),
            json.integer("norm_num_groups", 32),
            json.flag("mid_block_add_attention", true),
            json.flag("use_quant_conv", true),
            json.flag("use_post_quant_conv", true),
            json.number("scaling_factor", 0.18215),
            json.flag("force_upcast", true));
    json.done();
    return config;
  }

  /**
   * Writes the configuration so that diffusers reads it.
   *
   * @param path of the config.json
   */
  public void write(Path path) {
    int levels = blockOutChannels.size();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("_class_name", "AutoencoderKL");
    json.put("sample_size", sampleSize);
    json.put("in_channels", inChannels);
    json.put("out_channels", outChannels);
    json.put("latent_channels", latentChannels);
    json.put("block_out_channels", blockOutChannels);
    json.put("down_block_types", Collections.nCopies(levels, DOWN));
    json.put("up_block_types", Collections.nCopies(levels, UP));
    json.put("layers_per_block", layersPerBlock);
    json.put("norm_num_groups", normNumGroups);
    json.put("mid_block_add_attention", midBlockAddAttention);
    json.put("use_quant_conv", useQuantConv);
    json.put("use_post_quant_conv", usePostQuantConv);
    json.put("scaling_factor", scalingFactor);
    json.put("force_upcast", forceUpcast);
    json.putAll(FIXED);
    ConfigReader.write(path, json);
  }

  private static Map<String, @Nullable Object> fixed() {
    Map<String, @Nullable Object> fixed = new LinkedHashMap<>();
    fixed.put("act_fn", "silu");
    fixed.put("latents_mean", null);
    fixed.put("latents_std", null);
    fixed.put("shift_factor", null);
    return fixed;
  }
}

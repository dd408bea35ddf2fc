package org.tastemaker.diffusion.checkpoint;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tastemaker.diffusion.model.UNetConfig;

/**
 * The U-Net's names in CompVis' programs: the blocks on the way down and up are numbered through,
 * residual block, transformer and resampling together.
 */
final class UNetNames {
  static final String PREFIX = "model.diffusion_model.";

  private static final Map<String, String> ENDS =
      Map.of(
          "time_embedding.linear_1", "time_embed.0",
          "time_embedding.linear_2", "time_embed.2",
          "add_embedding.linear_1", "label_emb.0.0",
          "add_embedding.linear_2", "label_emb.0.2",
          "conv_in", "input_blocks.0.0",
          "conv_norm_out", "out.0",
          "conv_out", "out.2");
  private static final Map<String, String> RESNET =
      Map.of(
          "norm1", "in_layers.0",
          "conv1", "in_layers.2",
          "time_emb_proj", "emb_layers.1",
          "norm2", "out_layers.0",
          "conv2", "out_layers.3",
          "conv_shortcut", "skip_connection");
  private static final Pattern BLOCK =
      Pattern.compile(
          "(down|up)_blocks\\.(\\d+)\\.(resnets|attentions|downsamplers|upsamplers)\\.(\\d+)\\.(.+)");
  private static final Pattern MIDDLE =
      Pattern.compile("mid_block\\.(resnets|attentions)\\.(\\d+)\\.(.+)");

  private final UNetConfig config;

  UNetNames(UNetConfig config) {
    this.config = config;
  }

  Place placeOf(String name) {
    return Place.of(PREFIX + original(name));
  }

  private String original(String name) {
    int dot = name.lastIndexOf('.');
    String end = ENDS.get(name.substring(0, dot));
    if (end != null) {
      return end + name.substring(dot);
    }
    Matcher middle = MIDDLE.matcher(name);
    if (middle.matches()) {
      // The residual blocks stand before and behind the transformer.
      boolean resnet = middle.group(1).equals("resnets");
      int place = resnet ? 2 * Integer.parseInt(middle.group(2)) : 1;
      return "middle_block." + place + "." + inner(resnet, middle.group(3));
    }
    Matcher block = BLOCK.matcher(name);
    if (!block.matches()) {
      throw new IllegalArgumentException("a U-Net has no parameter " + name);
    }
    boolean down = block.group(1).equals("down");
    int level = Integer.parseInt(block.group(2));
    int index = Integer.parseInt(block.group(4));
    return down
        ? down(level, block.group(3), index, block.group(5))
        : up(level, block.group(3), index, block.group(5));
  }

  private String down(int level, String kind, int index, String rest) {
    // Number 0 is the first convolution, and each level ends with its downsampling.
    int before = 1;
    for (int i = 0; i < level; i++) {
      before += config.layersPerBlock().get(i) + 1;
    }
    return switch (kind) {
      case "downsamplers" ->
          "input_blocks."
              + (before + config.layersPerBlock().get(level))
              + ".0.op."
              + rest.substring("conv.".length());
      default -> "input_blocks." + (before + index) + inner(kind, rest);
    };
  }

  private String up(int level, String kind, int index, String rest) {
    int levels = config.blockOutChannels().size();
    int before = 0;
    for (int i = 0; i < level; i++) {
      before += config.layersPerBlock().get(levels - 1 - i) + 1;
    }
    if (kind.equals("upsamplers")) {
      int last = before + config.layersPerBlock().get(levels - 1 - level);
      boolean attends = config.upBlockTypes().get(level).startsWith("CrossAttn");
      return "output_blocks." + last + (attends ? ".2." : ".1.") + rest;
    }
    return "output_blocks." + (before + index) + inner(kind, rest);
  }

  private static String inner(String kind, String rest) {
    boolean resnet = kind.equals("resnets");
    return (resnet ? ".0." : ".1.") + inner(resnet, rest);
  }

  private static String inner(boolean resnet, String rest) {
    if (!resnet) {
      return rest;
    }
    int dot = rest.lastIndexOf('.');
    return RESNET.getOrDefault(rest.substring(0, dot), rest.substring(0, dot))
        + rest.substring(dot);
  }
}

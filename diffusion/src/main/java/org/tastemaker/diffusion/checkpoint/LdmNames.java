package org.tastemaker.diffusion.checkpoint;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A U-Net's layers as CompVis' and Stability's programs call them, and as kohya's does for Stable
 * Diffusion XL: the blocks on the way down and up are numbered through, residual block, transformer
 * and resampling together. How many a level has is read off the names of its layers.
 */
public final class LdmNames {
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
          "(down|up)_blocks\\.(\\d{1,3})\\.(resnets|attentions|downsamplers|upsamplers)\\.(\\d{1,3})\\.(.+)");
  private static final Pattern MIDDLE =
      Pattern.compile("mid_block\\.(resnets|attentions)\\.(\\d{1,3})\\.(.+)");

  /** How many numbers a level takes, by "down" or "up". */
  private final Map<String, NavigableMap<Integer, Integer>> counts = new HashMap<>();

  private final Set<Integer> attending = new HashSet<>();

  /**
   * The names of a U-Net's layers.
   *
   * @param paths of its layers, as diffusers calls them
   */
  public LdmNames(Iterable<String> paths) {
    Set<Integer> downsampled = new HashSet<>();
    for (String path : paths) {
      Matcher block = BLOCK.matcher(path);
      if (block.matches()) {
        int level = Integer.parseInt(block.group(2));
        switch (block.group(3)) {
          case "resnets" ->
              levels(block.group(1)).merge(level, Integer.parseInt(block.group(4)) + 1, Math::max);
          case "downsamplers" -> downsampled.add(level);
          case "attentions" -> {
            if (block.group(1).equals("up")) {
              attending.add(level);
            }
          }
          default -> {} // an upsampler has no number of its own
        }
      }
    }
    downsampled.forEach(level -> levels("down").merge(level, 1, Integer::sum));
  }

  private NavigableMap<Integer, Integer> levels(String way) {
    return counts.computeIfAbsent(way, w -> new TreeMap<>());
  }

  /**
   * The other name of a layer.
   *
   * @param path of the layer, as diffusers calls it
   * @return its name in those programs; the path itself where there is no other
   */
  public String of(String path) {
    String end = ENDS.get(path);
    if (end != null) {
      return end;
    }
    Matcher middle = MIDDLE.matcher(path);
    if (middle.matches()) {
      // The residual blocks stand before and behind the transformer.
      boolean resnet = middle.group(1).equals("resnets");
      int place = resnet ? 2 * Integer.parseInt(middle.group(2)) : 1;
      return "middle_block." + place + "." + inner(resnet, middle.group(3));
    }
    Matcher block = BLOCK.matcher(path);
    if (!block.matches()) {
      return path;
    }
    boolean down = block.group(1).equals("down");
    int level = Integer.parseInt(block.group(2));
    int index = Integer.parseInt(block.group(4));
    int before =
        levels(block.group(1)).headMap(level).values().stream().mapToInt(Integer::intValue).sum();
    int blocks = levels(block.group(1)).getOrDefault(level, 1);
    String rest = block.group(5);
    // On the way down, number 0 is the first convolution.
    String start =
        down ? "input_blocks." + (before + 1 + index) : "output_blocks." + (before + index);
    return switch (block.group(3)) {
      case "downsamplers" ->
          "input_blocks." + (before + blocks) + ".0." + rest.replaceFirst("^conv\\b", "op");
      case "upsamplers" ->
          "output_blocks."
              + (before + blocks - 1)
              + (attending.contains(level) ? ".2." : ".1.")
              + rest;
      case "resnets" -> start + ".0." + inner(true, rest);
      default -> start + ".1." + rest;
    };
  }

  private static String inner(boolean resnet, String rest) {
    return resnet ? RESNET.getOrDefault(rest, rest) : rest;
  }
}

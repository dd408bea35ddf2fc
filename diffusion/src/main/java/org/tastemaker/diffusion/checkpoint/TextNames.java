package org.tastemaker.diffusion.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text encoder's names: transformers' own, or OpenCLIP's, where the projections of query, key and
 * value stand in one tensor, and that of the text is transposed.
 */
final class TextNames {
  private static final List<String> FUSED = List.of("q_proj", "k_proj", "v_proj");
  private static final Map<String, String> ENDS =
      Map.of(
          "text_model.embeddings.token_embedding.weight", "token_embedding.weight",
          "text_model.embeddings.position_embedding.weight", "positional_embedding",
          "text_model.final_layer_norm.weight", "ln_final.weight",
          "text_model.final_layer_norm.bias", "ln_final.bias");
  private static final Map<String, String> LAYER =
      Map.of(
          "layer_norm1", "ln_1",
          "layer_norm2", "ln_2",
          "self_attn.out_proj", "attn.out_proj",
          "mlp.fc1", "mlp.c_fc",
          "mlp.fc2", "mlp.c_proj");
  private static final Pattern IN_LAYER =
      Pattern.compile("text_model\\.encoder\\.layers\\.(\\d+)\\.(.+)\\.(weight|bias)");

  private final String prefix;
  private final boolean openClip;

  private TextNames(String prefix, boolean openClip) {
    this.prefix = prefix;
    this.openClip = openClip;
  }

  static TextNames transformers(String prefix) {
    return new TextNames(prefix, false);
  }

  static TextNames openClip(String prefix) {
    return new TextNames(prefix, true);
  }

  /** With which all of its tensors begin. */
  String prefix() {
    return prefix;
  }

  boolean isOpenClip() {
    return openClip;
  }

  Place placeOf(String name) {
    return openClip ? inOpenClip(name) : Place.of(prefix + name);
  }

  private Place inOpenClip(String name) {
    if (name.equals("text_projection.weight")) {
      return Place.transposed(prefix + "text_projection");
    }
    String end = ENDS.get(name);
    if (end != null) {
      return Place.of(prefix + end);
    }
    Matcher layer = IN_LAYER.matcher(name);
    if (!layer.matches()) {
      throw new IllegalArgumentException("a text encoder has no parameter " + name);
    }
    return inLayer(prefix + "transformer.resblocks." + layer.group(1) + ".", layer);
  }

  /**
   * A parameter of a layer of either tower.
   *
   * @param start with which the layer's names begin in OpenCLIP
   * @param layer of transformers' name: the number, the part, and whether weight or bias
   */
  static Place inLayer(String start, Matcher layer) {
    String part = layer.group(2);
    int fused = FUSED.indexOf(part.replace("self_attn.", ""));
    if (fused >= 0) {
      return Place.partOf(start + "attn.in_proj_" + layer.group(3), fused, FUSED.size());
    }
    return Place.of(start + LAYER.getOrDefault(part, part) + "." + layer.group(3));
  }
}

package org.tastemaker.diffusion.checkpoint;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of a CLIP model's tensors in a file: transformers', or OpenCLIP's and OpenAI's, perhaps
 * behind something that a program put before all of them, such as {@code module.}
 *
 * @param openClip whether they are OpenCLIP's
 * @param prefix what stands before every name
 * @param text the names of OpenCLIP's text tower, which in newer models stand behind {@code text.}
 */
record ClipNames(boolean openClip, String prefix, TextNames text) {
  private static final String CONV = "visual.conv1.weight";
  private static final String CLASS = "vision_model.embeddings.class_embedding";
  private static final String NEWER = "text.";

  private static final Map<String, String> ENDS =
      Map.of(
          CLASS,
          "visual.class_embedding",
          "vision_model.embeddings.patch_embedding.weight",
          CONV,
          "vision_model.embeddings.position_embedding.weight",
          "visual.positional_embedding",
          "vision_model.pre_layrnorm.weight",
          "visual.ln_pre.weight",
          "vision_model.pre_layrnorm.bias",
          "visual.ln_pre.bias",
          "vision_model.post_layernorm.weight",
          "visual.ln_post.weight",
          "vision_model.post_layernorm.bias",
          "visual.ln_post.bias",
          "logit_scale",
          "logit_scale");
  private static final Pattern IN_LAYER =
      Pattern.compile("vision_model\\.encoder\\.layers\\.(\\d+)\\.(.+)\\.(weight|bias)");

  /** Buffers that programs wrote among the weights, and that say nothing. */
  private static final Set<String> BUFFERS =
      Set.of(
          "text_model.embeddings.position_ids",
          "vision_model.embeddings.position_ids",
          "input_resolution",
          "context_length",
          "vocab_size");

  /** Those of a file; empty where it holds no CLIP model with a vision transformer. */
  static Optional<ClipNames> of(Set<String> names) {
    for (String name : names) {
      if (name.endsWith(CONV) && names.contains(before(name, CONV) + "visual.class_embedding")) {
        String prefix = before(name, CONV);
        boolean newer = names.contains(prefix + NEWER + "token_embedding.weight");
        return Optional.of(
            new ClipNames(true, prefix, TextNames.openClip(prefix + (newer ? NEWER : ""))));
      }
      if (name.endsWith(CLASS)) {
        String prefix = before(name, CLASS);
        return Optional.of(new ClipNames(false, prefix, TextNames.transformers(prefix)));
      }
    }
    return Optional.empty();
  }

  private static String before(String name, String end) {
    return name.substring(0, name.length() - end.length());
  }

  /** Where a parameter of {@code ClipModel} stands. */
  Place placeOf(String name) {
    if (!openClip) {
      return Place.of(prefix + name);
    }
    if (name.equals("visual_projection.weight")) {
      return Place.transposed(prefix + "visual.proj");
    }
    String end = ENDS.get(name);
    if (end != null) {
      return Place.of(prefix + end);
    }
    Matcher layer = IN_LAYER.matcher(name);
    return layer.matches()
        ? TextNames.inLayer(prefix + "visual.transformer.resblocks." + layer.group(1) + ".", layer)
        : text.placeOf(name);
  }

  /** Whether a tensor of the file is none of the weights. */
  boolean isBuffer(String name) {
    return name.startsWith(prefix) && BUFFERS.contains(name.substring(prefix.length()));
  }
}

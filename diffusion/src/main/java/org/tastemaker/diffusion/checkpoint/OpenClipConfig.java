package org.tastemaker.diffusion.checkpoint;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;

/**
 * What OpenCLIP's open_clip_config.json, or one of its model_configs, says beyond the shapes of the
 * tensors.
 *
 * @param activation of both towers
 * @param headWidth of the image tower
 * @param textHeads of the text tower
 */
record OpenClipConfig(
    Activation activation, Optional<Integer> headWidth, Optional<Integer> textHeads) {
  static final String NAME = "open_clip_config.json";

  private static final int HEAD = 64; // OpenCLIP's default

  /** Settings that the shapes say too, or that only training reads. */
  private static final Set<String> MODEL =
      Set.of("embed_dim", "quick_gelu", "vision_cfg", "text_cfg", "init_logit_scale");

  private static final Set<String> VISION =
      Set.of(
          "image_size",
          "layers",
          "width",
          "head_width",
          "patch_size",
          "mlp_ratio",
          "patch_dropout");

  private static final Set<String> TEXT =
      Set.of("context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio");

  static OpenClipConfig read(Path file) {
    JsonObject root = Json.readObject(file, JsonLimits.configuration());
    JsonObject model = root.optionalObject("model_cfg").orElse(root);
    JsonObject vision = model.object("vision_cfg");
    JsonObject text = model.object("text_cfg");
    only(file, "model_cfg", model, MODEL);
    only(file, "vision_cfg", vision, VISION);
    only(file, "text_cfg", text, TEXT);
    return new OpenClipConfig(
        model.flag("quick_gelu", false) ? Activation.QUICK_GELU : Activation.GELU,
        Optional.of(vision.integer("head_width", HEAD)),
        text.has("heads") ? Optional.of(text.integer("heads")) : Optional.empty());
  }

  /** What is not understood would change what is computed. */
  private static void only(Path file, String what, JsonObject settings, Set<String> known) {
    Set<String> unknown = new LinkedHashSet<>(settings.names());
    unknown.removeIf(name -> known.contains(name) || !settings.has(name));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          file + ": " + what + " has settings that are not supported: " + unknown);
    }
  }

  /** The image tower's heads; empty where their width does not divide the tower's. */
  Optional<Integer> imageHeads(int width) {
    return headWidth.filter(head -> head > 0 && width % head == 0).map(head -> width / head);
  }
}

package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import com.google.common.io.Files;
import java.nio.file.Path;
import java.util.Map;
import org.tastemaker.core.card.ModelCard;

/** A card's entries for a LoRA's header, with those that depend on the file. */
final class LoraCard {
  /** ModelSpec's names of the architectures that kohya's names stand for. */
  private static final Map<String, String> ARCHITECTURES =
      Map.of(
          "sd_v1", "stable-diffusion-v1",
          "sd_v2", "stable-diffusion-v2-512",
          "sd_v2_v", "stable-diffusion-v2-768-v",
          "sdxl_base_v1-0", "stable-diffusion-xl-v1-base");

  private LoraCard() {}

  static ImmutableMap<String, String> metadata(Path path, ModelCard card, String baseModel) {
    ImmutableMap.Builder<String, String> entries = ImmutableMap.builder();
    entries.putAll(card.metadata());
    entries.put("modelspec.implementation", "diffusers");
    String architecture = ARCHITECTURES.get(baseModel);
    if (architecture != null) {
      entries.put("modelspec.architecture", architecture + "/lora");
    }
    Path name = path.getFileName();
    if (name != null) {
      entries.put("ss_output_name", Files.getNameWithoutExtension(name.toString()));
    }
    return entries.buildOrThrow();
  }
}

package org.tastemaker.diffusion.lora;

import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.lora.LoraKeys.Place;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/**
 * PEFT's configuration, which diffusers writes into the header of its LoRA files: one JSON object
 * whose keys are those of PEFT's LoraConfig after the network's name, such as {@code
 * unet.lora_alpha}. Alpha is only there; in a file without it, alpha is the rank.
 */
final class PeftMetadata {
  private static final String KEY = "lora_adapter_metadata";

  private final String where;
  private final @Nullable JsonObject root;

  private PeftMetadata(String where, @Nullable JsonObject root) {
    this.where = where;
    this.root = root;
  }

  static PeftMetadata of(SafetensorsFile file) {
    String where = file.path() + ": metadata " + KEY;
    String json = file.metadata().get(KEY);
    if (json == null) {
      return new PeftMetadata(where, null);
    }
    return new PeftMetadata(where, Json.parseObject(json, where));
  }

  /** Alpha of a layer, as PEFT finds it. */
  double alpha(Place place, int rank) {
    if (root == null) {
      return rank;
    }
    String prefix = place.network().prefix() + ".";
    if (root.flag(prefix + "use_dora", false)) {
      throw new IllegalArgumentException(where + ": " + prefix + "use_dora is not supported");
    }
    double alpha = root.number(prefix + "lora_alpha", rank);
    Optional<JsonObject> patterns = root.optionalObject(prefix + "alpha_pattern");
    if (patterns.isPresent()) {
      for (String pattern : patterns.get().names()) {
        if (matches(pattern, place)) {
          alpha = patterns.get().number(pattern, rank);
          break;
        }
      }
    }
    // "Rank-stabilized" LoRA scales by alpha / sqrt(rank).
    return root.flag(prefix + "use_rslora", false) ? alpha * Math.sqrt(rank) : alpha;
  }

  private boolean matches(String expression, Place place) {
    try {
      Pattern pattern = Pattern.compile("(.*\\.)?(" + expression + ")");
      return pattern.matcher(place.path()).matches()
          || pattern.matcher(place.network().pathInFiles(place.path())).matches();
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          where + ": \"" + expression + "\" is not a regular expression", e);
    }
  }
}

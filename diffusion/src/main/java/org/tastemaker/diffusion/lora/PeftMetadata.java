package org.tastemaker.diffusion.lora;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
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
  private static final String PATTERNS = "alpha_pattern";
  private static final int MOST_PATTERNS = 1000;

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
    JsonObject root = Json.parseObject(json, where, JsonLimits.configuration());
    for (LoraNetwork network : LoraNetwork.values()) {
      int patterns =
          root.optionalObject(network.prefix() + "." + PATTERNS)
              .map(p -> p.names().size())
              .orElse(0);
      if (patterns > MOST_PATTERNS) {
        throw new IllegalArgumentException(
            where + " has " + patterns + " patterns, but may have at most " + MOST_PATTERNS);
      }
    }
    return new PeftMetadata(where, root);
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
    Optional<JsonObject> patterns = root.optionalObject(prefix + PATTERNS);
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
    BoundedPattern pattern = BoundedPattern.of(where, expression, "(.*\\.)?(" + expression + ")");
    return pattern.matches(place.path())
        || pattern.matches(place.network().pathInFiles(place.path()));
  }
}

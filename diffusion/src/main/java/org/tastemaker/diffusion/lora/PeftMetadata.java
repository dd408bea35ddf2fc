package org.tastemaker.diffusion.lora;

import java.util.Iterator;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.tastemaker.diffusion.lora.LoraKeys.Place;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/**
 * PEFT's configuration, which diffusers writes into the header of its LoRA files: one JSON object
 * whose keys are those of PEFT's LoraConfig behind the network's name, such as {@code
 * unet.lora_alpha}. Only there stands alpha; a file without it has alpha = rank.
 */
final class PeftMetadata {
  private static final String KEY = "lora_adapter_metadata";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String where;
  private final @Nullable JsonNode root;

  private PeftMetadata(String where, @Nullable JsonNode root) {
    this.where = where;
    this.root = root;
  }

  static PeftMetadata of(SafetensorsFile file) {
    String where = file.path() + ": metadata " + KEY;
    String json = file.metadata().get(KEY);
    if (json == null) {
      return new PeftMetadata(where, null);
    }
    try {
      JsonNode root = JSON.readTree(json);
      if (!root.isObject()) {
        throw new IllegalArgumentException(where + " must be a JSON object, but is " + json);
      }
      return new PeftMetadata(where, root);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(where + " is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** Alpha of a layer, as PEFT finds it. */
  double alpha(Place place, int rank) {
    if (root == null) {
      return rank;
    }
    String prefix = place.network().prefix() + ".";
    if (root.path(prefix + "use_dora").asBoolean()) {
      throw new IllegalArgumentException(where + ": " + prefix + "use_dora is not supported");
    }
    double alpha = number(prefix + "lora_alpha", root.get(prefix + "lora_alpha"), rank);
    Iterator<Map.Entry<String, JsonNode>> patterns = root.path(prefix + "alpha_pattern").fields();
    while (patterns.hasNext()) {
      Map.Entry<String, JsonNode> pattern = patterns.next();
      if (matches(pattern.getKey(), place)) {
        alpha = number(pattern.getKey(), pattern.getValue(), rank);
        break;
      }
    }
    // "Rank-stabilized" LoRA scales by alpha / sqrt(rank).
    return root.path(prefix + "use_rslora").asBoolean() ? alpha * Math.sqrt(rank) : alpha;
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

  private double number(String key, @Nullable JsonNode node, double otherwise) {
    if (node == null || node.isNull()) {
      return otherwise;
    }
    if (!node.isNumber()) {
      throw new IllegalArgumentException(
          "%s: %s must be a number, but is %s".formatted(where, key, node));
    }
    return node.asDouble();
  }
}

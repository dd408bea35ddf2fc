package org.tastemaker.diffusion.lora;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;

/**
 * What PEFT's configuration says of an adapter: the file adapter_config.json in a folder of PEFT,
 * or one JSON object in the header of a file of diffusers, whose keys begin with the network's
 * name, such as {@code unet.lora_alpha}. Alpha is only there; in a file without it, alpha is the
 * rank.
 */
final class PeftConfig {
  /** Where diffusers puts it. */
  static final String KEY = "lora_adapter_metadata";

  private static final int MOST_PATTERNS = 1000;

  /** What LoRA has in PEFT where its configuration does not say it. */
  private static final int DEFAULT = 8;

  /** Kinds of start after which the base model's own weights are no longer what they were. */
  private static final List<String> CHANGED_BASE =
      List.of("pissa", "olora", "corda", "lora_ga", "loftq");

  private static final List<String> OTHERWISE =
      List.of("fan_in_fan_out", "use_qalora", "use_bdlora");

  private static final List<String> UNKNOWN =
      List.of("alora_invocation_tokens", "layer_replication", "target_parameters");

  private final String where;
  private final @Nullable JsonObject root;
  private final boolean prefixed;

  private PeftConfig(String where, @Nullable JsonObject root, boolean prefixed) {
    this.where = where;
    this.root = root;
    this.prefixed = prefixed;
    if (root == null) {
      return;
    }
    for (String prefix :
        prefixed ? List.of("unet.", "text_encoder.", "text_encoder_2.") : List.of("")) {
      for (String key : List.of("alpha_pattern", "rank_pattern")) {
        JsonObject patterns = patterns(prefix + key);
        if (patterns != null && patterns.names().size() > MOST_PATTERNS) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "%s has %s patterns, but may have at most %s",
                  where,
                  patterns.names().size(),
                  MOST_PATTERNS));
        }
      }
    }
  }

  /** What a file without a configuration has. */
  static PeftConfig none() {
    return new PeftConfig("", null, false);
  }

  /** From a header's entry. */
  static PeftConfig ofMetadata(String file, String json) {
    String where = file + ": metadata " + KEY;
    JsonObject root = Json.parseObject(json, where, JsonLimits.configuration());
    boolean plain = root.has("r") || root.has("lora_alpha") || root.has("peft_type");
    return new PeftConfig(where, root, !plain);
  }

  /** From a file adapter_config.json. */
  static PeftConfig ofFile(String where, JsonObject root) {
    String kind = root.text("peft_type", "LORA");
    if (!List.of("LORA", "LOHA", "LOKR").contains(kind)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: peft_type %s is not supported; supported are LORA, LOHA and LOKR",
              where,
              kind));
    }
    return new PeftConfig(where, root, false);
  }

  /** Whether it says that a network's layers have magnitudes. */
  boolean usesDora(LoraNetwork network) {
    return root != null && root.flag(prefix(network) + "use_dora", false);
  }

  /** The rank of a layer, if it says one; that of the tensors counts where they have one. */
  OptionalDouble rank(LoraPlace place) {
    String prefix = prefix(place.network());
    return root == null || !root.has(prefix + "r")
        ? OptionalDouble.empty()
        : OptionalDouble.of(
            byPattern(prefix + "rank_pattern", place).orElse(root.number(prefix + "r")));
  }

  /**
   * Alpha of a layer, as PEFT finds it.
   *
   * @throws IllegalArgumentException if the configuration says that the tensors mean something else
   */
  double alpha(LoraPlace place, int rank) {
    if (root == null) {
      return rank;
    }
    String prefix = prefix(place.network());
    if (prefixed && root.names().stream().noneMatch(name -> name.startsWith(prefix))) {
      return rank;
    }
    requireUsual(prefix);
    double alpha =
        byPattern(prefix + "alpha_pattern", place)
            .orElse(root.number(prefix + "lora_alpha", root.number(prefix + "alpha", DEFAULT)));
    // "Rank-stabilized" LoRA scales by alpha / sqrt(rank).
    return root.flag(prefix + "use_rslora", false) ? alpha * Math.sqrt(rank) : alpha;
  }

  private void requireUsual(String prefix) {
    JsonObject known = root;
    if (known == null) {
      return;
    }
    String start = prefix + "init_lora_weights";
    if (known.value(start) instanceof String begun
        && CHANGED_BASE.stream().anyMatch(begun.toLowerCase(Locale.ROOT)::startsWith)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: %s is \"%s\", which changed the base model's weights before training; save the adapter with PEFT's path_initial_model_for_weight_conversion, which makes a LoRA for the unchanged model of it",
              where,
              start,
              begun));
    }
    for (String flag : OTHERWISE) {
      if (known.value(prefix + flag) instanceof Boolean set && set) {
        throw new IllegalArgumentException(where + ": " + prefix + flag + " is not supported");
      }
    }
    for (String setting : UNKNOWN) {
      Object value = known.value(prefix + setting);
      if (value != null && !(value instanceof List<?> list && list.isEmpty())) {
        throw new IllegalArgumentException(where + ": " + prefix + setting + " is not supported");
      }
    }
  }

  /** The number of the first pattern that matches a layer's path. */
  private OptionalDouble byPattern(String key, LoraPlace place) {
    JsonObject patterns = patterns(key);
    if (patterns != null) {
      for (String pattern : patterns.names()) {
        if (LoraPatterns.matches(where, pattern, place.network(), place.path())) {
          return OptionalDouble.of(patterns.number(pattern));
        }
      }
    }
    return OptionalDouble.empty();
  }

  private @Nullable JsonObject patterns(String key) {
    return root == null ? null : root.optionalObject(key).orElse(null);
  }

  private String prefix(LoraNetwork network) {
    return prefixed ? network.prefix() + "." : "";
  }
}

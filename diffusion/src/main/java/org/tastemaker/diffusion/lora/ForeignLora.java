package org.tastemaker.diffusion.lora;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the tensors of a LoRA's file are for that none of the given networks has, as far as their
 * names tell: for another network, or of another kind of adapter.
 */
final class ForeignLora {
  /** What names begin with, longest first where one begins another. */
  private static final Map<String, String> NETWORKS =
      Map.of(
          "lora_te2_", "a second text encoder (Stable Diffusion XL)",
          "text_encoder_2.", "a second text encoder (Stable Diffusion XL)",
          "transformer.", "a diffusion transformer (Stable Diffusion 3, Flux)",
          "lora_transformer_", "a diffusion transformer (Stable Diffusion 3, Flux)");

  private static final Map<String, String> KINDS =
      Map.of(
          "hada_w", "LoHa",
          "lokr_w", "LoKr",
          "dora_scale", "DoRA",
          "lora_mid.weight", "LoCon with a Tucker decomposition",
          "lora_magnitude_vector", "DoRA",
          "emb_params", "textual inversion",
          "string_to_param", "textual inversion");

  private final Set<LoraNetwork> given;
  private final Map<String, List<String>> tensors = new TreeMap<>();

  ForeignLora(Set<LoraNetwork> given) {
    this.given = given;
  }

  /** Whether a tensor was recognised: it is kept for {@link #problems} then. */
  boolean claims(String key) {
    String what = what(key);
    if (what != null) {
      tensors.computeIfAbsent(what, kind -> new ArrayList<>()).add(key);
    }
    return what != null;
  }

  private @Nullable String what(String key) {
    for (Map.Entry<String, String> kind : KINDS.entrySet()) {
      if (key.contains(kind.getKey())) {
        return "is of the kind " + kind.getValue() + ", which is not supported";
      }
    }
    for (Map.Entry<String, String> network : NETWORKS.entrySet()) {
      if (key.startsWith(network.getKey())) {
        return "adapts " + network.getValue() + ", which this pipeline does not have";
      }
    }
    for (LoraNetwork network : LoraNetwork.values()) {
      boolean first = network == LoraNetwork.TEXT_ENCODER && key.startsWith("lora_te1_");
      boolean its = key.startsWith(network.kohyaPrefix()) || key.startsWith(network.prefix() + ".");
      if (!given.contains(network) && (its || first)) {
        return "also adapts the "
            + network.words()
            + ", but only "
            + given
            + " was given: give the parameters of "
            + network
            + " too, or remove what is not for "
            + given;
      }
    }
    return null;
  }

  /** The problems, one for each kind of tensor. */
  List<String> problems() {
    return tensors.entrySet().stream()
        .map(entry -> problem(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static String problem(String what, List<String> keys) {
    return "the file " + what + ": " + keys.size() + " tensors, such as \"" + keys.get(0) + "\"";
  }
}

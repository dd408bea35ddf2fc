package org.tastemaker.diffusion.lora;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the tensors of a LoRA's file are for that none of the given networks has, as far as their
 * names tell: for another network, or of another kind of adapter.
 */
final class ForeignLora {
  private static final String TRANSFORMER = "a diffusion transformer (Stable Diffusion 3, Flux)";

  /** What names begin with. */
  private static final Map<String, String> NETWORKS =
      Map.ofEntries(
          Map.entry("lora_te3_", "a third text encoder (Stable Diffusion 3)"),
          Map.entry("text_encoder_3.", "a third text encoder (Stable Diffusion 3)"),
          Map.entry("transformer.", TRANSFORMER),
          Map.entry("lora_transformer_", TRANSFORMER),
          Map.entry("lora_unet_double_blocks_", TRANSFORMER),
          Map.entry("lora_unet_single_blocks_", TRANSFORMER),
          Map.entry("lora_unet_joint_blocks_", TRANSFORMER),
          Map.entry("diffusion_model.double_blocks.", TRANSFORMER),
          Map.entry("diffusion_model.single_blocks.", TRANSFORMER),
          Map.entry("double_blocks.", TRANSFORMER),
          Map.entry("single_blocks.", TRANSFORMER),
          Map.entry("transformer_blocks.", TRANSFORMER),
          Map.entry("single_transformer_blocks.", TRANSFORMER),
          Map.entry("lora_prior_", "a prior (Stable Cascade, Kandinsky)"),
          Map.entry("prior.", "a prior (Stable Cascade, Kandinsky)"),
          Map.entry("lllite_", "a ControlNet"),
          Map.entry("lora_controlnet", "a ControlNet"));

  /** What names contain. */
  private static final Map<String, String> KINDS = kinds();

  private static final Pattern UNET =
      Pattern.compile(
          "(base_model\\.model\\.)?((model\\.)?diffusion_model|down_blocks|mid_block|up_blocks"
              + "|conv_in|conv_out|time_embedding|add_embedding"
              + "|input_blocks|middle_block|output_blocks|time_embed|label_emb)\\..*");
  private static final Pattern TEXT =
      Pattern.compile("(base_model\\.model\\.)?(text_model|text_projection|encoder\\.layers)\\..*");

  private final Set<LoraNetwork> given;
  private final @Nullable LoraNetwork only;
  private final Map<String, List<String>> tensors = new TreeMap<>();

  /**
   * The foreign tensors of a file.
   *
   * @param given the networks that it may adapt
   * @param only the network that names without a network's name are of, where that is known
   */
  ForeignLora(Set<LoraNetwork> given, @Nullable LoraNetwork only) {
    this.given = given;
    this.only = only;
  }

  private static Map<String, String> kinds() {
    Map<String, String> kinds = new LinkedHashMap<>();
    kinds.put("oft_", "OFT");
    kinds.put(".boft_", "BOFT");
    kinds.put(".on_input", "IA3");
    kinds.put(".ia3_l", "IA3");
    kinds.put(".a1.weight", "GLoRA");
    kinds.put(".a2.weight", "GLoRA");
    kinds.put(".b1.weight", "GLoRA");
    kinds.put(".b2.weight", "GLoRA");
    kinds.put(".lora_E", "AdaLoRA");
    kinds.put(".ranknum", "AdaLoRA");
    kinds.put(".vera_lambda", "VeRA");
    kinds.put(".lora_embedding_", "LoRA of a table of embeddings");
    kinds.put(".modules_to_save.", "a whole weight beside a LoRA (PEFT's modules_to_save)");
    kinds.put(".base_layer.", "a whole weight beside a LoRA");
    kinds.put("_custom_diffusion.", "Custom Diffusion");
    kinds.put("emb_params", "textual inversion");
    kinds.put("string_to_param", "textual inversion");
    return kinds;
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
    LoraNetwork network = network(key);
    return network == null || given.contains(network)
        ? null
        : "also adapts "
            + network.words()
            + ", but only "
            + given
            + " was given: give the parameters of "
            + network
            + " too, or remove what is not for "
            + given;
  }

  private @Nullable LoraNetwork network(String key) {
    for (LoraNetwork network : LoraNetwork.values()) {
      boolean named =
          key.startsWith(network.prefix() + ".")
              || key.startsWith("base_model.model." + network.prefix() + ".")
              || network.kohyaPrefixes().stream().anyMatch(key::startsWith);
      if (named) {
        return network;
      }
    }
    if (only != null) {
      return only;
    }
    if (UNET.matcher(key).matches() || key.startsWith("lycoris_")) {
      return LoraNetwork.UNET;
    }
    boolean text = TEXT.matcher(key).matches();
    return text && !given.contains(LoraNetwork.TEXT_ENCODER_2) ? LoraNetwork.TEXT_ENCODER : null;
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

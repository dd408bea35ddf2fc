package org.tastemaker.diffusion.lora;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What diffusers makes of the keys of a kohya file: first names of its own older kind ({@code
 * _convert_non_diffusers_lora_to_diffusers}), then PEFT's ({@code convert_state_dict}). A key that
 * is left over is an error there. And what it makes of its own keys ({@code load_lora_into_unet}
 * and {@code _load_lora_into_text_encoder}).
 */
final class DiffusersKeys {
  private static final Pattern LAST_INDEX = Pattern.compile("\\.\\d+(?=\\D*$)");

  /** Words whose underscores are lost with those that stand for dots, in order. */
  private static final Map<String, String> UNET_WORDS = new LinkedHashMap<>();

  private static final Map<String, String> TEXT_WORDS = new LinkedHashMap<>();

  /** From the older names to PEFT's; the first that occurs is replaced. */
  private static final Map<String, String> UNET_ENDS = new LinkedHashMap<>();

  private static final Map<String, String> TEXT_ENDS = new LinkedHashMap<>();

  static {
    words(
        UNET_WORDS,
        "input.blocks.0.0=conv_in",
        "out.2=conv_out",
        "input.blocks=down_blocks",
        "down.blocks=down_blocks",
        "middle.block=mid_block",
        "mid.block=mid_block",
        "output.blocks=up_blocks",
        "up.blocks=up_blocks",
        "transformer.blocks=transformer_blocks",
        "to.q.lora=to_q_lora",
        "to.k.lora=to_k_lora",
        "to.v.lora=to_v_lora",
        "to.out.0.lora=to_out_lora",
        "proj.in=proj_in",
        "proj.out=proj_out",
        "emb.layers=time_emb_proj",
        "conv.in=conv_in",
        "conv.out=conv_out",
        "time.embed.0=time_embedding.linear_1",
        "time.embed.2=time_embedding.linear_2",
        "label.emb.0.0=add_embedding.linear_1",
        "label.emb.0.2=add_embedding.linear_2",
        "time.embedding.linear.1=time_embedding.linear_1",
        "time.embedding.linear.2=time_embedding.linear_2");
    words(
        TEXT_WORDS,
        "text.model=text_model",
        "self.attn=self_attn",
        "q.proj.lora=to_q_lora",
        "k.proj.lora=to_k_lora",
        "v.proj.lora=to_v_lora",
        "out.proj.lora=to_out_lora",
        "text.projection=text_projection");
    for (String side : new String[] {"up=B", "down=A"}) {
      String[] names = side.split("=", 2);
      words(
          UNET_ENDS,
          ".to_out_lora." + names[0] + "=.to_out.0.lora_" + names[1],
          ".to_q_lora." + names[0] + "=.to_q.lora_" + names[1],
          ".to_k_lora." + names[0] + "=.to_k.lora_" + names[1],
          ".to_v_lora." + names[0] + "=.to_v.lora_" + names[1],
          ".lora." + names[0] + "=.lora_" + names[1]);
      words(
          TEXT_ENDS,
          ".to_q_lora." + names[0] + "=.q_proj.lora_" + names[1],
          ".to_k_lora." + names[0] + "=.k_proj.lora_" + names[1],
          ".to_v_lora." + names[0] + "=.v_proj.lora_" + names[1],
          ".to_out_lora." + names[0] + "=.out_proj.lora_" + names[1],
          ".lora_linear_layer." + names[0] + "=.lora_" + names[1],
          "text_projection.lora." + names[0] + "=text_projection.lora_" + names[1]);
    }
  }

  private DiffusersKeys() {}

  private static void words(Map<String, String> words, String... pairs) {
    for (String pair : pairs) {
      String[] sides = pair.split("=", 2);
      words.put(sides[0], sides[1]);
    }
  }

  /** The PEFT key for each pair of tensors' keys; throws if a key is left over. */
  static Set<String> peft(Set<String> keys) {
    if (!keys.stream()
        .allMatch(key -> key.matches("lora_(te|unet|te1|te2)_.*"))) { // else it is not converted
      throw new IllegalArgumentException("not all keys have a kohya prefix: " + keys);
    }
    Set<String> left = new LinkedHashSet<>(keys);
    Set<String> converted = new LinkedHashSet<>();
    for (String key : keys) {
      if (key.endsWith("lora_down.weight")) {
        String module = key.substring(0, key.indexOf('.'));
        String down = module.startsWith("lora_unet_") ? unet(key) : text(key);
        take(left, key);
        take(left, module + ".lora_up.weight");
        left.remove(module + ".alpha");
        converted.add(ends(down));
        converted.add(ends(down.replace(".down.", ".up.")));
      }
    }
    if (!left.isEmpty()) {
      throw new IllegalArgumentException("keys have not been correctly renamed: " + left);
    }
    return converted;
  }

  /**
   * The keys for one network of a file with diffusers' own: those with its prefix, without it, and
   * for a text encoder once to the older names and back.
   */
  static Set<String> own(Set<String> keys, String prefix) {
    if (!keys.stream().allMatch(key -> key.contains("lora"))) {
      throw new IllegalArgumentException("not all keys have lora in them: " + keys);
    }
    Set<String> found = new LinkedHashSet<>();
    for (String key : keys) {
      if (key.startsWith(prefix + ".")) {
        String name = key.substring(prefix.length() + 1);
        found.add(prefix.equals("unet") ? name : ends(older(name)));
      }
    }
    boolean known =
        prefix.equals("unet") || found.stream().anyMatch(key -> key.contains("_proj.lora_A"));
    if (!found.isEmpty() && !known) {
      throw new IllegalArgumentException("could not infer the kind of " + found);
    }
    return found;
  }

  private static String older(String name) {
    return name.replaceFirst("\\.([qkv]|out)_proj\\.lora_B", ".$1_proj.lora_linear_layer.up")
        .replaceFirst("\\.([qkv]|out)_proj\\.lora_A", ".$1_proj.lora_linear_layer.down");
  }

  private static void take(Set<String> left, String key) {
    if (!left.remove(key)) {
      throw new IllegalArgumentException("no key " + key);
    }
  }

  private static String unet(String key) {
    String name = replaced(key.replace("lora_unet_", "").replace('_', '.'), UNET_WORDS);
    if (name.contains("emb") && !name.contains("time.emb.proj")) {
      name = LAST_INDEX.matcher(name).replaceFirst("");
    }
    if (name.contains("downsamplers") || name.contains("upsamplers")) {
      name = name.replace("op", "conv");
    }
    name = name.replace("time.emb.proj", "time_emb_proj").replace("conv.shortcut", "conv_shortcut");
    if (name.contains("transformer_blocks")) {
      name = name.replace("attn1", "attn1.processor").replace("attn2", "attn2.processor");
    }
    return "unet." + name;
  }

  private static String text(String key) {
    String name = replaced(key.replaceFirst("lora_te[12]?_", "").replace('_', '.'), TEXT_WORDS);
    if (!name.contains("self_attn") && name.contains("mlp")) {
      name = name.replace(".lora.", ".lora_linear_layer.");
    }
    return (key.startsWith("lora_te2_") ? "text_encoder_2." : "text_encoder.") + name;
  }

  private static String replaced(String name, Map<String, String> words) {
    for (Map.Entry<String, String> word : words.entrySet()) {
      name = name.replace(word.getKey(), word.getValue());
    }
    return name;
  }

  private static String ends(String key) {
    String name = key.replace(".processor.", ".");
    Map<String, String> ends = name.startsWith("unet.") ? UNET_ENDS : TEXT_ENDS;
    for (Map.Entry<String, String> end : ends.entrySet()) {
      if (name.contains(end.getKey())) {
        return name.replace(end.getKey(), end.getValue());
      }
    }
    return name;
  }
}

package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the names in a LoRA's file tell without a model: more than that, {@link LoraFile#check}
 * finds with one.
 *
 * @param dialect whose names they are
 * @param kinds of adapters, such as "LoRA" and "DoRA"
 * @param problems what no model of this library could read; empty if there is nothing
 */
public record LoraNames(
    String dialect, ImmutableSet<String> kinds, ImmutableList<String> problems) {
  /**
   * Whether some names are those of a LoRA's tensors.
   *
   * @param names of a file's tensors
   * @return whether at least one is
   */
  public static boolean any(Set<String> names) {
    return names.stream().anyMatch(name -> LoraRole.of(name) != null);
  }

  /**
   * Reads names.
   *
   * @param path of a file or folder, as for {@link LoraFile#read}
   * @return what they tell
   * @throws IllegalArgumentException if it is no LoRA's file or folder
   */
  public static LoraNames read(Path path) {
    Set<String> kinds = new LinkedHashSet<>();
    Set<String> dialects = new LinkedHashSet<>();
    ForeignLora foreign = new ForeignLora(EnumSet.allOf(LoraNetwork.class), null);
    ImmutableList.Builder<String> problems = ImmutableList.builder();
    boolean any = false;
    for (Path found : LoraSource.find(path)) {
      try (LoraSource source = LoraSource.open(found)) {
        for (String key : source.file().names()) {
          any = true;
          LoraRole.Named named = LoraRole.of(key);
          if (LoraReader.isEmbedding(key)) {
            kinds.add("bundled embeddings");
          } else if (!foreign.claims(key) && named == null) {
            problems.add("\"" + key + "\" is not the name of a LoRA's tensor");
          } else if (named != null) {
            if (named.role().kind() != LoraRole.Kind.ALPHA) {
              kinds.add(named.role() == LoraRole.MID ? "LoCon" : named.role().kind().words());
            }
            dialects.add(dialect(key));
          }
        }
      }
    }
    problems.addAll(foreign.problems());
    if (!any) {
      problems.add("no tensor at all");
    }
    return new LoraNames(
        String.join(" and ", dialects), ImmutableSet.copyOf(kinds), problems.build());
  }

  private static String dialect(String key) {
    List<String> flat = List.of("lora_unet_", "lora_te", "lycoris_");
    if (flat.stream().anyMatch(key::startsWith)) {
      return key.startsWith("lycoris_") ? "LyCORIS'" : "kohya's";
    }
    if (key.startsWith("base_model.model.")) {
      return "PEFT's";
    }
    boolean old =
        key.contains(".processor.")
            || key.contains("_lora.")
            || key.contains(".lora_linear_layer.");
    if (old || key.contains(".lora.down.") || key.contains(".lora.up.")) {
      return "diffusers' (2023)";
    }
    return key.startsWith("diffusion_model.") ? "ComfyUI's" : "diffusers' or PEFT's";
  }
}

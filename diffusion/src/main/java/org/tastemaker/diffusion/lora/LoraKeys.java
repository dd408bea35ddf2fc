package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.Parameters;

/** The names of tensors in LoRA files: how they are made, and what they mean for given networks. */
final class LoraKeys {
  static final String KOHYA_DOWN = ".lora_down.weight";
  static final String KOHYA_UP = ".lora_up.weight";
  static final String PEFT_DOWN = ".lora_A.weight";
  static final String PEFT_UP = ".lora_B.weight";
  static final String ALPHA = ".alpha";

  /** What a tensor is to its layer. */
  enum Role {
    DOWN,
    UP,
    ALPHA
  }

  /** A layer that a file adapts. */
  record Place(LoraNetwork network, ParameterSpec weight) {
    String path() {
      return LoraParameters.path(weight);
    }
  }

  /** What a name means; without a place if no network has the layer. */
  record Meaning(String module, @Nullable Place place, Role role) {}

  private record Ending(String text, Role role) {}

  private static final ImmutableList<Ending> ENDINGS =
      ImmutableList.of(
          new Ending(KOHYA_DOWN, Role.DOWN),
          new Ending(KOHYA_UP, Role.UP),
          new Ending(PEFT_DOWN, Role.DOWN),
          new Ending(PEFT_UP, Role.UP),
          new Ending(".lora.down.weight", Role.DOWN), // diffusers before PEFT, U-Net
          new Ending(".lora.up.weight", Role.UP),
          new Ending(".lora_linear_layer.down.weight", Role.DOWN), // and text encoder
          new Ending(".lora_linear_layer.up.weight", Role.UP),
          new Ending(ALPHA, Role.ALPHA));

  private final Map<String, Place> places = new HashMap<>();
  private final Set<String> ambiguous = new HashSet<>();

  LoraKeys(Map<LoraNetwork, Parameters> networks) {
    networks.forEach(
        (network, parameters) ->
            parameters.specs().values().stream()
                .filter(LoraModule::isAdaptable)
                .forEach(weight -> know(new Place(network, weight))));
  }

  private void know(Place place) {
    LoraNetwork network = place.network();
    for (String path :
        ImmutableSet.of(
            network.pathInFiles(place.path()), network.shortPathInFiles(place.path()))) {
      know(network.prefix() + "." + path, place);
      know(network.kohyaPrefix() + flat(path), place);
      if (network == LoraNetwork.TEXT_ENCODER) {
        know("lora_te1_" + flat(path), place);
      }
    }
  }

  private void know(String name, Place place) {
    if (places.put(name, place) != null) {
      ambiguous.add(name);
    }
  }

  static String kohya(LoraNetwork network, String path) {
    return network.kohyaPrefix() + flat(network.pathInFiles(path));
  }

  static String dotted(LoraNetwork network, String path) {
    return network.prefix() + "." + network.pathInFiles(path);
  }

  private static String flat(String path) {
    return path.replace('.', '_');
  }

  /** What a name means, or null if it is not the name of a LoRA's tensor. */
  @Nullable Meaning meaning(String key) {
    for (Ending ending : ENDINGS) {
      if (key.endsWith(ending.text())) {
        String module = key.substring(0, key.length() - ending.text().length());
        return new Meaning(
            module, ambiguous.contains(module) ? null : places.get(module), ending.role());
      }
    }
    return null;
  }

  boolean isAmbiguous(String module) {
    return ambiguous.contains(module);
  }
}

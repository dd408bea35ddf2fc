package org.tastemaker.diffusion.lora;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.checkpoint.LdmNames;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.Parameters;

/**
 * Finds the layer that a name in a file means. A kohya name has lost the dots of its path; so every
 * name that a layer of the given networks can have is made, and looked up. Nothing is guessed.
 */
final class LoraPlaces {
  private static final String WEIGHT = ".weight";
  private static final String PEFT = "base_model.model.";

  /** What ComfyUI's names begin with. */
  private static final List<String> WHOLE_UNET =
      List.of("model.diffusion_model.", "diffusion_model.");

  private final @Nullable LoraNetwork only;

  /** Whole names without dots, and paths in each network. */
  private final Map<String, Set<LoraPlace>> flat = new HashMap<>();

  private final Map<LoraNetwork, Map<String, Set<LoraPlace>>> dotted = new LinkedHashMap<>();

  /**
   * The places of some networks.
   *
   * @param networks their parameters
   * @param only the network that names without a network's name are of, where that is known
   */
  LoraPlaces(Map<LoraNetwork, Parameters> networks, @Nullable LoraNetwork only) {
    this.only = only;
    networks.forEach(this::know);
  }

  private void know(LoraNetwork network, Parameters parameters) {
    Map<String, Set<LoraPlace>> paths = dotted.computeIfAbsent(network, n -> new HashMap<>());
    List<LoraPlace> places = new ArrayList<>();
    for (ParameterSpec spec : parameters.specs().values()) {
      if (spec.name().endsWith(WEIGHT)) {
        String path = LoraParameters.path(spec);
        places.add(new LoraPlace(network, path, spec, parameters.specs().get(path + ".bias")));
      }
    }
    LdmNames ldm = new LdmNames(places.stream().map(LoraPlace::path).toList());
    for (LoraPlace place : places) {
      Set<String> names = new LinkedHashSet<>();
      names.add(network.pathInFiles(place.path()));
      names.add(network.shortPathInFiles(place.path()));
      if (network == LoraNetwork.UNET) {
        names.add(ldm.of(place.path()));
      }
      for (String name : names) {
        put(paths, name, place);
        put(paths, in2023(name), place);
        for (String prefix : network.kohyaPrefixes()) {
          put(flat, prefix + flat(name), place);
        }
        if (network == LoraNetwork.UNET) {
          put(flat, "lycoris_" + flat(name), place);
        }
      }
    }
  }

  private static void put(Map<String, Set<LoraPlace>> map, String name, LoraPlace place) {
    map.computeIfAbsent(name, n -> new LinkedHashSet<>()).add(place);
  }

  /** The name that diffusers of 2023 gave a projection of attention, after which _lora stands. */
  private static String in2023(String path) {
    if (path.endsWith(".to_out.0")) {
      return path.substring(0, path.length() - 2);
    }
    return path.contains(".self_attn.")
        ? path.replaceFirst("\\.out_proj$", ".to_out").replaceFirst("\\.([qkv])_proj$", ".to_$1")
        : path;
  }

  static String flat(String path) {
    return path.replace('.', '_');
  }

  /**
   * The places that a module's name can mean.
   *
   * @param module a tensor's name without its end
   * @return none, one, or several if the name does not tell them apart
   */
  Set<LoraPlace> find(String module) {
    Set<LoraPlace> known = flat.get(module);
    if (known != null) {
      return known;
    }
    String name = without(module, PEFT);
    LoraNetwork network = only;
    for (LoraNetwork candidate : LoraNetwork.values()) {
      if (name.startsWith(candidate.prefix() + ".")) {
        network = candidate;
        name = without(name.substring(candidate.prefix().length() + 1), PEFT);
      }
    }
    for (String prefix : WHOLE_UNET) {
      if (name.startsWith(prefix)) {
        network = LoraNetwork.UNET;
        name = name.substring(prefix.length());
      }
    }
    String path = name.replace(".processor.", ".");
    LoraNetwork one = network;
    Set<LoraPlace> found = new LinkedHashSet<>();
    dotted.forEach(
        (candidate, paths) -> {
          if (one == null || one == candidate) {
            found.addAll(paths.getOrDefault(path, Set.of()));
          }
        });
    return found;
  }

  private static String without(String name, String prefix) {
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }
}

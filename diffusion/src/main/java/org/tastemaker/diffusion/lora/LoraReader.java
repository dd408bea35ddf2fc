package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.lora.LoraKeys.Meaning;
import org.tastemaker.diffusion.lora.LoraKeys.Place;
import org.tastemaker.diffusion.lora.LoraKeys.Role;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/** Reads one file: first everything is checked, then the numbers are read. */
final class LoraReader {
  private final SafetensorsFile file;
  private final String name;
  private final Map<LoraNetwork, Parameters> networks;
  private final LoraKeys keys;
  private final PeftMetadata metadata;
  private final List<String> problems = new ArrayList<>();

  LoraReader(SafetensorsFile file, String name, Map<LoraNetwork, Parameters> networks) {
    this.file = file;
    this.name = name;
    this.networks = networks;
    this.keys = new LoraKeys(networks);
    this.metadata = PeftMetadata.of(file);
  }

  ImmutableMap<LoraNetwork, Lora> read() {
    // 1. Which tensors belong to which layer?
    Map<Place, Map<Role, String>> found = tensors();

    // 2. Is each layer complete, and of the right shape?
    Map<LoraNetwork, List<LoraModule>> modules = new EnumMap<>(LoraNetwork.class);
    found.forEach(
        (place, tensors) -> {
          LoraModule module = module(place, tensors);
          if (module != null) {
            modules.computeIfAbsent(place.network(), n -> new ArrayList<>()).add(module);
          }
        });
    if (found.isEmpty() && problems.isEmpty()) {
      problems.add("no tensor at all");
    }
    if (!problems.isEmpty()) {
      throw new LoraMismatchException(
          file.path() + ": not a LoRA for the given networks " + networks.keySet(), problems);
    }

    // 3. The numbers.
    Map<LoraNetwork, Lora> loras = new EnumMap<>(LoraNetwork.class);
    try {
      modules.forEach((network, list) -> loras.put(network, lora(network, list, found)));
    } catch (RuntimeException e) {
      loras.values().forEach(Lora::close);
      throw e;
    }
    return ImmutableMap.copyOf(loras);
  }

  private Map<Place, Map<Role, String>> tensors() {
    Map<Place, Map<Role, String>> found = new LinkedHashMap<>();
    ForeignLora foreign = new ForeignLora(networks.keySet());
    for (String key : file.names()) {
      Meaning meaning = keys.meaning(key);
      boolean known = meaning != null && meaning.place() != null;
      if (!known && foreign.claims(key)) {
        continue;
      }
      if (meaning == null) {
        problems.add("\"" + key + "\" is not the name of a LoRA's tensor");
      } else if (meaning.place() == null) {
        problems.add(
            keys.isAmbiguous(meaning.module())
                ? "\"" + key + "\" could be several layers"
                : "\"" + key + "\" belongs to no linear layer or convolution");
      } else {
        Map<Role, String> tensors =
            found.computeIfAbsent(meaning.place(), place -> new EnumMap<>(Role.class));
        String other = tensors.put(meaning.role(), key);
        if (other != null) {
          problems.add("\"" + key + "\" and \"" + other + "\" are for the same layer");
        }
      }
    }
    problems.addAll(foreign.problems());
    return found;
  }

  /** The layer's LoRA, or null if something is wrong with it. */
  private @Nullable LoraModule module(Place place, Map<Role, String> tensors) {
    String down = tensors.get(Role.DOWN);
    String up = tensors.get(Role.UP);
    if (down == null || up == null) {
      problems.add(
          String.format(
              Locale.ROOT,
              "\"%s\" has %s, but no %s tensor",
              place.path(),
              String.join(", ", tensors.values()),
              down == null && up == null ? "down and no up" : down == null ? "down" : "up"));
      return null;
    }
    ImmutableLongArray shape = file.info(down).shape();
    int rank = shape.isEmpty() ? 0 : (int) Math.min(shape.get(0), Integer.MAX_VALUE);
    if (rank < 1) {
      problems.add(
          String.format(
              Locale.ROOT, "\"%s\" must begin with the rank, but has shape %s", down, shape));
      return null;
    }
    Double alpha = alpha(place, tensors.get(Role.ALPHA), rank);
    if (alpha == null) {
      return null;
    }
    LoraModule module = new LoraModule(place.path(), place.weight(), rank, alpha);
    boolean downFits = fits(down, module.down(down)); // both, so that both are reported
    boolean upFits = fits(up, module.up(up));
    return downFits && upFits ? module : null;
  }

  private boolean fits(String key, ParameterSpec spec) {
    ImmutableLongArray expected = spec.shape();
    ImmutableLongArray found = file.info(key).shape();
    boolean fits =
        found.equals(expected)
            || (expected.length() == 2
                && found.equals(ImmutableLongArray.of(expected.get(0), expected.get(1), 1, 1)));
    if (!fits) {
      problems.add(
          String.format(Locale.ROOT, "\"%s\" expected %s, found %s", key, expected, found));
    }
    return fits;
  }

  /** Alpha, or null if it is not a number. */
  private @Nullable Double alpha(Place place, @Nullable String key, int rank) {
    double alpha;
    if (key == null) {
      alpha = metadata.alpha(place, rank);
    } else if (file.info(key).length() != 1) {
      problems.add(
          String.format(
              Locale.ROOT, "\"%s\" expected a scalar, found %s", key, file.info(key).shape()));
      return null;
    } else {
      INDArray array = file.array(key);
      alpha = array.getDouble(0);
      array.close();
    }
    if (!Double.isFinite(alpha)) {
      problems.add(String.format(Locale.ROOT, "alpha of \"%s\" is %s", place.path(), alpha));
      return null;
    }
    return alpha == 0 ? rank : alpha; // as kohya's own trainer has it
  }

  private Lora lora(
      LoraNetwork network, List<LoraModule> modules, Map<Place, Map<Role, String>> found) {
    Map<String, String> names = new HashMap<>(); // from the file's to ours
    for (LoraModule module : modules) {
      Map<Role, String> tensors = found.getOrDefault(new Place(network, module.weight()), Map.of());
      String prefix = LoraParameters.prefix(name, network, module.path());
      names.put(tensors.getOrDefault(Role.DOWN, ""), prefix + LoraParameters.DOWN);
      names.put(tensors.getOrDefault(Role.UP, ""), prefix + LoraParameters.UP);
    }
    ImmutableMap.Builder<String, LoraModule> byPath = ImmutableMap.builder();
    modules.forEach(module -> byPath.put(module.path(), module));
    Parameters base = networks.getOrDefault(network, networks.values().iterator().next());
    return new Lora(
        name,
        network,
        byPath.buildOrThrow(),
        Parameters.read(
            file,
            LoraParameters.specs(name, network, modules),
            names::get,
            LoraParameters.type(base)),
        0);
  }
}

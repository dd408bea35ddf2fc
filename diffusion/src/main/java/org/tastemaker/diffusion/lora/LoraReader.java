package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.Parameters;

/** Reads one file: first everything is checked, then the numbers are read. */
final class LoraReader {
  private static final Pattern EMBEDDING =
      Pattern.compile(
          "bundle_emb\\.(.+?)\\.(string_to_param\\.\\*|emb_params|clip_l|clip_g|[^.]+)");

  private final LoraSource source;
  private final String name;
  private final Map<LoraNetwork, Parameters> networks;
  private final LoraTensors tensors;
  private final List<String> problems = new ArrayList<>();
  private final Map<String, List<String>> embeddings = new LinkedHashMap<>();
  private final Map<LoraNetwork, List<LoraLayer>> layers = new EnumMap<>(LoraNetwork.class);

  LoraReader(LoraSource source, String name, Map<LoraNetwork, Parameters> networks) {
    this.source = source;
    this.name = name;
    this.networks = networks;
    this.tensors = new LoraTensors(source.file());
  }

  /** Whether a name is that of a tensor of an embedding that is bundled with a LoRA. */
  static boolean isEmbedding(String key) {
    return EMBEDDING.matcher(key).matches();
  }

  /** Checks every tensor of the file; what is wrong is thrown as one. */
  void check() {
    // 1. Which tensors belong to which layer?
    Map<LoraPlace, Map<LoraRole, String>> found = places();

    // 2. Is each layer complete, and of the right shape?
    LayerReader reader = new LayerReader(source.file(), tensors, source.config(), problems);
    found.forEach(
        (place, keys) -> {
          LoraLayer layer = reader.layer(place, keys);
          if (layer != null) {
            layers.computeIfAbsent(place.network(), n -> new ArrayList<>()).add(layer);
          }
        });
    if (found.isEmpty() && problems.isEmpty()) {
      problems.add(
          embeddings.isEmpty() ? "no tensor at all" : "only embeddings: " + embeddings.keySet());
    }
    if (!problems.isEmpty()) {
      String madeFor = source.madeFor();
      throw new LoraMismatchException(
          source.file().path()
              + ": not a LoRA for the given networks "
              + networks.keySet()
              + (madeFor.isEmpty() ? "" : " (it says that it was made for \"" + madeFor + "\")"),
          problems);
    }
  }

  /** The names of the tensors of bundled embeddings, by the embedding's name. */
  Map<String, List<String>> embeddings() {
    return embeddings;
  }

  /** Reads the numbers; after {@link #check}. */
  Map<LoraNetwork, Lora> read() {
    Map<LoraNetwork, Lora> loras = new EnumMap<>(LoraNetwork.class);
    try {
      layers.forEach((network, list) -> loras.put(network, lora(network, list)));
    } catch (RuntimeException e) {
      loras.values().forEach(Lora::close);
      throw e;
    }
    return loras;
  }

  private Map<LoraPlace, Map<LoraRole, String>> places() {
    Map<LoraPlace, Map<LoraRole, String>> found = new LinkedHashMap<>();
    LoraPlaces places = new LoraPlaces(networks, source.network());
    ForeignLora foreign = new ForeignLora(networks.keySet(), source.network());
    for (String key : source.file().names()) {
      Matcher embedding = EMBEDDING.matcher(key);
      if (embedding.matches()) {
        embeddings.computeIfAbsent(embedding.group(1), n -> new ArrayList<>()).add(key);
        continue;
      }
      LoraRole.Named named = LoraRole.of(key);
      Set<LoraPlace> candidates = named == null ? Set.of() : places.find(named.module());
      if (named != null && candidates.size() == 1) {
        LoraPlace place = candidates.iterator().next();
        Map<LoraRole, String> keys =
            found.computeIfAbsent(place, p -> new EnumMap<>(LoraRole.class));
        String other = keys.put(named.role(), key);
        if (other != null) {
          problems.add("\"" + key + "\" and \"" + other + "\" are for the same layer");
        }
      } else if (candidates.size() > 1) {
        problems.add("\"" + key + "\" could be several layers: " + several(candidates));
      } else if (!foreign.claims(key)) {
        problems.add(
            named == null
                ? "\"" + key + "\" is not the name of a LoRA's tensor"
                : "\"" + key + "\" belongs to no linear layer or convolution");
      }
    }
    problems.addAll(foreign.problems());
    for (String key : source.metadata().keySet()) {
      LoraRole.Named named = LoraRole.of(key);
      if (named != null && places.find(named.module()).size() == 1) {
        problems.add("\"" + key + "\" is a number and not a tensor");
      }
    }
    return found;
  }

  private static String several(Set<LoraPlace> places) {
    return String.join(
        ", ",
        places.stream()
            .map(place -> place.network().prefix() + "." + place.path())
            .limit(3)
            .toList());
  }

  private Lora lora(LoraNetwork network, List<LoraLayer> list) {
    Map<String, String> names = new HashMap<>(); // from the file's to ours
    ImmutableMap.Builder<String, LoraModule> modules = ImmutableMap.builder();
    for (LoraLayer layer : list) {
      LoraModule module = layer.module();
      if (module != null) {
        modules.put(module.path(), module);
        String prefix = LoraParameters.prefix(name, network, module.path());
        names.put(layer.pair().getOrDefault(LoraRole.DOWN, ""), prefix + LoraParameters.DOWN);
        names.put(layer.pair().getOrDefault(LoraRole.UP, ""), prefix + LoraParameters.UP);
        names.put(layer.pair().getOrDefault(LoraRole.UP_BIAS, ""), prefix + LoraParameters.UP_BIAS);
      }
    }
    names.remove("");
    ImmutableMap<String, LoraModule> byPath = modules.buildOrThrow();
    DataType type = LoraParameters.type(Objects.requireNonNull(networks.get(network)));
    Parameters parameters =
        Parameters.read(
            tensors,
            LoraParameters.specs(name, network, byPath.values().asList()),
            names::get,
            type);
    List<LoraChange> changes = new ArrayList<>();
    try {
      for (LoraLayer layer : list) {
        if (!layer.change().isEmpty()) {
          changes.add(change(layer, type));
        }
      }
    } catch (RuntimeException e) {
      changes.forEach(LoraChange::close);
      parameters.close();
      throw e;
    }
    return new Lora(name, network, byPath, parameters, ImmutableList.copyOf(changes), type, 0);
  }

  /** Reads a change's matrices, which keep the shapes that they have in the file. */
  private LoraChange change(LoraLayer layer, DataType type) {
    Map<String, ParameterSpec> specs = new LinkedHashMap<>();
    layer
        .change()
        .values()
        .forEach(
            key ->
                specs.put(
                    key,
                    new ParameterSpec(key, tensors.shape(key), ParameterSpec.Kind.EMBEDDING, 1)));
    Parameters read =
        Parameters.read(
            tensors,
            ImmutableList.copyOf(specs.values()),
            key -> specs.containsKey(key) ? key : null,
            type);
    ImmutableMap.Builder<LoraRole, INDArray> arrays = ImmutableMap.builder();
    layer
        .change()
        .forEach(
            (role, key) ->
                arrays.put(role == LoraRole.MAGNITUDE ? LoraRole.DORA_SCALE : role, read.get(key)));
    return new LoraChange(layer.place(), arrays.buildOrThrow(), layer.scale(), layer.rank());
  }
}

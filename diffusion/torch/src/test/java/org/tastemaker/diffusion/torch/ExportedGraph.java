package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import com.google.common.primitives.Longs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/** Reads what {@link GraphExport} writes. */
final class ExportedGraph {
  private final JsonObject json;
  private final Map<String, INDArray> arrays = new LinkedHashMap<>();

  ExportedGraph(Path folder) {
    json = Json.readObject(folder.resolve(GraphExport.LAYERS));
    Path file = folder.resolve(GraphExport.ARRAYS);
    if (Files.exists(file)) {
      try (SafetensorsFile read = SafetensorsFile.open(file)) {
        read.names().forEach(name -> arrays.put(name, read.array(name)));
      }
    }
  }

  JsonObject json() {
    return json;
  }

  /** The arrays of a prefix, by the rest of their names. */
  Map<String, INDArray> arrays(String prefix) {
    Map<String, INDArray> found = new LinkedHashMap<>();
    arrays.forEach(
        (name, array) -> {
          if (name.startsWith(prefix)) {
            found.put(name.substring(prefix.length()), array);
          }
        });
    return found;
  }

  GraphDefinition graph() {
    Map<String, Tensor> tensors = new HashMap<>();
    ImmutableMap.Builder<String, Leaf> leaves = ImmutableMap.builder();
    for (JsonObject leaf : json.objects("leaves")) {
      Tensor tensor = tensor(leaf, tensors);
      @Nullable INDArray array = arrays.get("leaf/" + tensor.name());
      leaves.put(tensor.name(), new Leaf(Leaf.Role.valueOf(leaf.text("role")), tensor, array));
    }
    ImmutableList.Builder<Layer> layers = ImmutableList.builder();
    for (JsonObject layer : json.objects("layers")) {
      ImmutableList<Tensor> inputs =
          layer.texts("inputs").stream()
              .map(name -> Objects.requireNonNull(tensors.get(name)))
              .collect(ImmutableList.toImmutableList());
      layers.add(
          new Layer(
              Layer.Kind.valueOf(layer.text("kind")),
              layer.text("name"),
              inputs,
              tensor(layer.object("output"), tensors),
              ImmutableMap.copyOf(layer.object("attributes").toNumbers())));
    }
    ImmutableMap.Builder<String, Tensor> outputs = ImmutableMap.builder();
    json.object("outputs")
        .toTexts()
        .forEach((name, tensor) -> outputs.put(name, Objects.requireNonNull(tensors.get(tensor))));
    return new GraphDefinition(
        DataType.valueOf(json.text("type")),
        leaves.buildOrThrow(),
        layers.build(),
        outputs.buildOrThrow());
  }

  private static Tensor tensor(JsonObject json, Map<String, Tensor> tensors) {
    Tensor tensor =
        new Tensor(
            json.text("name"),
            DataType.valueOf(json.text("type")),
            ImmutableLongArray.copyOf(Longs.toArray(json.integers("shape"))),
            json.flag("differentiable"));
    tensors.put(tensor.name(), tensor);
    return tensor;
  }
}

package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** A graph as JSON, without its arrays. */
final class GraphJson {
  private static final int VERSION = 1;

  private GraphJson() {}

  /**
   * The whole graph.
   *
   * @param inputs that are written as such; other inputs become frozen parameters
   * @param more entries after the first two
   */
  static Map<String, Object> of(
      GraphDefinition graph, Set<String> inputs, Map<String, Object> more) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", "tastemaker graph");
    json.put("version", VERSION);
    json.putAll(more);
    json.put("type", graph.dataType().name());
    json.put("leaves", graph.leaves().values().stream().map(leaf -> leaf(leaf, inputs)).toList());
    json.put("layers", graph.layers().stream().map(GraphJson::layer).toList());
    Map<String, Object> outputs = new LinkedHashMap<>();
    graph.outputs().forEach((name, tensor) -> outputs.put(name, tensor.name()));
    json.put("outputs", outputs);
    return json;
  }

  private static Map<String, Object> leaf(Leaf leaf, Set<String> inputs) {
    boolean declared = leaf.role() == Leaf.Role.INPUT && !inputs.contains(leaf.tensor().name());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("role", (declared ? Leaf.Role.FROZEN : leaf.role()).name());
    json.putAll(tensor(leaf.tensor()));
    return json;
  }

  private static Map<String, Object> layer(Layer layer) {
    return ImmutableMap.of(
        "kind",
        layer.kind().name(),
        "name",
        layer.name(),
        "inputs",
        layer.inputs().stream().map(Tensor::name).toList(),
        "output",
        tensor(layer.output()),
        "attributes",
        layer.attributes());
  }

  private static Map<String, Object> tensor(Tensor tensor) {
    List<Long> shape = tensor.shape().asList();
    return ImmutableMap.of(
        "name",
        tensor.name(),
        "type",
        tensor.dataType().name(),
        "shape",
        shape,
        "differentiable",
        tensor.differentiable());
  }
}

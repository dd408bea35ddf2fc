package org.tastemaker.diffusion.engine.nd4j;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.NameScope;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * A graph as ops of SameDiff, in both directions: what the engines read that run ND4J's ops.
 *
 * <p>A leaf's variable and that of a layer's output have the tensor's name. Each differentiable
 * input of a layer passes through an identity of the layer's own, {@code name/in0}, {@code
 * name/in1} and so on. The arrays of the leaves are shared, not copied.
 *
 * @param sameDiff the ops
 * @param layers which of the forward ops belong to which layer, by the layer's name
 * @param backward the backward half, or null if no output is differentiable
 */
public record Nd4jGraph(
    SameDiff sameDiff, ImmutableMap<String, LayerOps> layers, @Nullable Backward backward) {

  /**
   * The ops of a graph.
   *
   * @param definition of the graph
   * @return new ops
   */
  public static Nd4jGraph of(GraphDefinition definition) {
    SameDiff graph = SameDiff.create();
    // SameDiff's default holders keep a copy of every array for each device; these keep the array.
    graph.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
    Map<String, SDVariable> variables = new LinkedHashMap<>();
    definition.leaves().forEach((name, leaf) -> variables.put(name, variable(graph, leaf)));
    LayerBody body = new LayerBody(graph, definition.dataType());
    Map<String, LayerOps> layers = new LinkedHashMap<>();
    for (Layer layer : definition.layers()) {
      layers.put(layer.name(), add(graph, layer, variables, body));
    }
    return new Nd4jGraph(
        graph,
        ImmutableMap.copyOf(layers),
        definition.isDifferentiable() ? Backward.of(definition, graph, layers) : null);
  }

  private static SDVariable variable(SameDiff graph, Leaf leaf) {
    Tensor tensor = leaf.tensor();
    return switch (leaf.role()) {
      case INPUT -> graph.placeHolder(tensor.name(), tensor.dataType(), tensor.shape().toArray());
      case TRAINABLE -> graph.var(tensor.name(), Objects.requireNonNull(leaf.array()));
      case FROZEN, CONSTANT -> graph.constant(tensor.name(), Objects.requireNonNull(leaf.array()));
    };
  }

  private static LayerOps add(
      SameDiff graph, Layer layer, Map<String, SDVariable> variables, LayerBody body) {
    List<SDVariable> inputs = new ArrayList<>();
    SDVariable out;
    int before;
    NameScope scope = graph.withNameScope(layer.name());
    try {
      for (int i = 0; i < layer.inputs().size(); i++) {
        Tensor input = layer.inputs().get(i);
        SDVariable variable = Objects.requireNonNull(variables.get(input.name()), input.name());
        inputs.add(input.differentiable() ? graph.identity("in" + i, variable) : variable);
      }
      before = graph.getOps().size();
      out = body.of(layer, List.copyOf(inputs));
    } finally {
      scope.close();
    }
    out.rename(layer.output().name());
    variables.put(layer.output().name(), out);
    return new LayerOps(
        inputs.stream().map(SDVariable::name).collect(ImmutableList.toImmutableList()),
        graph.getOps().keySet().stream().skip(before).collect(ImmutableList.toImmutableList()));
  }
}

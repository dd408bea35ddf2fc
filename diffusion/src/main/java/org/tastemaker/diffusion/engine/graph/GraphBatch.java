package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;

/**
 * The batch of a graph that computes each of its elements apart from the others, so that an engine
 * may run it in parts.
 */
public final class GraphBatch {
  private GraphBatch() {}

  /**
   * The number of elements: the first dimension of all inputs, if every layer and every output has
   * it too and no layer mixes the elements.
   *
   * @param graph any
   * @return its batch; empty if the graph can only be run as a whole
   */
  public static OptionalLong of(GraphDefinition graph) {
    Set<Long> sizes = new HashSet<>();
    graph.inputs().values().forEach(input -> sizes.add(input.rank() == 0 ? 0 : input.dim(0)));
    if (sizes.size() != 1) {
      return OptionalLong.empty();
    }
    Set<String> batched = new HashSet<>(graph.inputs().keySet());
    for (Layer layer : graph.layers()) {
      if (!isApart(layer, batched)) {
        return OptionalLong.empty();
      }
      batched.add(layer.output().name());
    }
    boolean whole = graph.outputs().values().stream().allMatch(t -> batched.contains(t.name()));
    return whole ? OptionalLong.of(sizes.iterator().next()) : OptionalLong.empty();
  }

  /** Whether a layer's data have the batch first, and its parameters do not have it at all. */
  private static boolean isApart(Layer layer, Set<String> batched) {
    for (int i = 0; i < layer.inputs().size(); i++) {
      if (batched.contains(layer.inputs().get(i).name()) != isData(layer.kind(), i)) {
        return false;
      }
    }
    boolean alongTheBatch = layer.attributes().getOrDefault("axis", 1.0) == 0;
    return !alongTheBatch;
  }

  /** Whether an input of a layer is what it computes on, rather than by. */
  private static boolean isData(Kind kind, int input) {
    return switch (kind) {
      case LINEAR, CONV2D, GROUP_NORM, LAYER_NORM, EMBEDDING, ADD_TO_BATCH -> input == 0;
      case ATTENTION -> input < 3;
      case SILU,
          GELU,
          QUICK_GELU,
          GEGLU,
          UPSAMPLE,
          CONCAT,
          ADD,
          ADD_TO_PIXELS,
          SCALE,
          MULTIPLY,
          CLAMP,
          SLICE,
          TO_TOKENS,
          TO_IMAGE,
          TIMESTEP_EMBEDDING ->
          true;
    };
  }

  /**
   * The same graph for another number of elements. It reads the same parameters and constants.
   *
   * @param graph one that has a batch
   * @param size at least 1
   * @return the graph; everything has the name that it had
   */
  public static GraphDefinition resized(GraphDefinition graph, long size) {
    if (of(graph).isEmpty() || size < 1) {
      throw new IllegalArgumentException(
          "a graph with a batch and a size of at least 1 are expected, but the size was " + size);
    }
    Map<String, Tensor> tensors = new HashMap<>();
    Map<String, Leaf> leaves = new LinkedHashMap<>();
    graph
        .leaves()
        .forEach(
            (name, leaf) -> {
              boolean input = leaf.role() == Leaf.Role.INPUT;
              Tensor tensor = input ? resized(leaf.tensor(), size) : leaf.tensor();
              tensors.put(name, tensor);
              leaves.put(name, new Leaf(leaf.role(), tensor, leaf.array()));
            });
    ImmutableList.Builder<Layer> layers = ImmutableList.builder();
    for (Layer layer : graph.layers()) {
      Tensor output = resized(layer.output(), size);
      tensors.put(output.name(), output);
      layers.add(
          new Layer(
              layer.kind(),
              layer.name(),
              layer.inputs().stream()
                  .map(tensor -> tensors.getOrDefault(tensor.name(), tensor))
                  .collect(ImmutableList.toImmutableList()),
              output,
              layer.attributes()));
    }
    ImmutableMap.Builder<String, Tensor> outputs = ImmutableMap.builder();
    graph
        .outputs()
        .forEach((name, tensor) -> outputs.put(name, tensors.getOrDefault(tensor.name(), tensor)));
    return new GraphDefinition(
        graph.dataType(), ImmutableMap.copyOf(leaves), layers.build(), outputs.buildOrThrow());
  }

  private static Tensor resized(Tensor tensor, long size) {
    long[] shape = tensor.shape().toArray();
    shape[0] = size;
    return new Tensor(
        tensor.name(),
        tensor.dataType(),
        ImmutableLongArray.copyOf(shape),
        tensor.differentiable());
  }
}

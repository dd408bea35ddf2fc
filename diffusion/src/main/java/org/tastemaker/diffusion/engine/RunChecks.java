package org.tastemaker.diffusion.engine;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * What must hold for the arrays that a run is given. The checks are made at every run, so they
 * allocate nothing.
 */
final class RunChecks {
  private final ImmutableMap<String, Tensor> inputs;
  private final ImmutableMap<String, Tensor> outputs;
  private final ImmutableList<Ids> ids;
  private final boolean differentiable;

  /** An input of ids, and how many rows the table has that they choose from. */
  private record Ids(String input, long rows) {}

  RunChecks(GraphDefinition graph) {
    inputs = graph.inputs();
    outputs = graph.outputs();
    ids =
        graph.layers().stream()
            .filter(layer -> layer.kind() == Layer.Kind.EMBEDDING)
            .filter(layer -> graph.inputs().containsKey(layer.inputs().get(0).name()))
            .map(layer -> new Ids(layer.inputs().get(0).name(), (long) layer.attribute("rows")))
            .collect(ImmutableList.toImmutableList());
    differentiable = graph.isDifferentiable();
  }

  /** Exactly the inputs of the graph, each of its shape and type, and ids that their table has. */
  void requireInputs(Map<String, INDArray> given) {
    if (!given.keySet().equals(inputs.keySet())) {
      throw new IllegalArgumentException(
          "the inputs must be exactly " + inputs.keySet() + ", but were " + given.keySet());
    }
    for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
      require("input", input.getKey(), input.getValue(), given.get(input.getKey()));
    }
    for (Ids each : ids) {
      requireIds(each, given.get(each.input));
    }
  }

  /** An id outside the table would be read from outside the table's memory. */
  private static void requireIds(Ids expected, @Nullable INDArray ids) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (long i = 0; ids != null && i < ids.length(); i++) { // minNumber() leaves an array open
      low = Math.min(low, ids.getDouble(i));
      high = Math.max(high, ids.getDouble(i));
    }
    if (low < 0 || high >= expected.rows) {
      throw new IllegalArgumentException(
          "input \""
              + expected.input
              + "\": ids must be in [0, "
              + expected.rows
              + "), but are between "
              + (long) low
              + " and "
              + (long) high);
    }
  }

  void requireDifferentiable() {
    if (!differentiable) {
      throw new IllegalStateException(
          "nothing in this graph is differentiable; build it with a trainable parameter or with an"
              + " input whose gradient is wanted");
    }
  }

  /** Each cotangent belongs to an output and has its shape and type; some may be missing. */
  void requireCotangents(Map<String, INDArray> given) {
    if (!outputs.keySet().containsAll(given.keySet())) {
      throw new IllegalArgumentException(
          "cotangents must belong to the outputs "
              + outputs.keySet()
              + ", but were for "
              + given.keySet());
    }
    for (Map.Entry<String, Tensor> output : outputs.entrySet()) {
      if (given.containsKey(output.getKey())) {
        require("cotangent", output.getKey(), output.getValue(), given.get(output.getKey()));
      }
    }
  }

  private static void require(
      String what, String name, Tensor expected, @Nullable INDArray actual) {
    if (actual == null
        || actual.dataType() != expected.dataType()
        || !hasShape(actual, expected.shape())) {
      throw new IllegalArgumentException(
          what
              + " \""
              + name
              + "\" must be "
              + expected.dataType()
              + " "
              + expected.shape()
              + ", but was "
              + (actual == null
                  ? "null"
                  : actual.dataType() + " " + ImmutableLongArray.copyOf(actual.shape())));
    }
  }

  /** Without a copy of the shape. */
  private static boolean hasShape(INDArray array, ImmutableLongArray shape) {
    boolean equal = array.rank() == shape.length();
    for (int d = 0; equal && d < shape.length(); d++) {
      equal = array.size(d) == shape.get(d);
    }
    return equal;
  }
}

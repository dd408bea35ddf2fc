package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph that is ready to run, forward and, if something in it is differentiable, backward: all
 * that an implementation of {@link GraphFunction} may know.
 *
 * @param sameDiff the ops of both directions
 * @param composites the layers of the forward half, in an order of execution
 * @param inputs what a run is given, by the placeholder's name
 * @param outputs what a run returns, by the name that callers use, which need not be the variable's
 * @param parameters the trainable parameters: the arrays themselves, which may change in place
 *     between two runs, by the variable's name
 * @param backward the backward half, or null if nothing is differentiable
 */
public record GraphDefinition(
    SameDiff sameDiff,
    ImmutableList<Composite> composites,
    ImmutableMap<String, Tensor> inputs,
    ImmutableMap<String, Tensor> outputs,
    ImmutableMap<String, INDArray> parameters,
    @Nullable Backward backward) {

  /**
   * Completes a graph: adds the backward half if an output is differentiable.
   *
   * @param ops the builder, which must not be used any more
   * @param outputs distinct tensors of the graph, by the names that callers will use
   * @return the definition
   */
  public static GraphDefinition of(Ops ops, Map<String, Tensor> outputs) {
    if (outputs.isEmpty()) {
      throw new IllegalArgumentException("a graph needs at least one output");
    }
    boolean differentiable = outputs.values().stream().anyMatch(Tensor::differentiable);
    return new GraphDefinition(
        ops.sameDiff(),
        ops.composites(),
        ops.inputs(),
        ImmutableMap.copyOf(outputs),
        ops.trainable(),
        differentiable ? Backward.of(ops, ImmutableList.copyOf(outputs.values())) : null);
  }

  /**
   * Checks what a run is given: exactly the inputs of the graph, each of its shape and type, and
   * token ids that their table has.
   *
   * @param given by name
   * @throws IllegalArgumentException with what was expected and what was found
   */
  public void requireInputs(Map<String, INDArray> given) {
    if (!given.keySet().equals(inputs.keySet())) {
      throw new IllegalArgumentException(
          "the inputs must be exactly %s, but were %s".formatted(inputs.keySet(), given.keySet()));
    }
    inputs.forEach((name, tensor) -> require("input", name, tensor, given.get(name)));
    for (Composite composite : composites) {
      INDArray ids = given.get(composite.inputs().get(0));
      if (composite.kind() == Composite.Kind.EMBEDDING && ids != null) {
        requireIds(composite, ids);
      }
    }
  }

  /** An id outside the table would be read from outside the table's memory. */
  private static void requireIds(Composite composite, INDArray ids) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (long i = 0; i < ids.length(); i++) { // minNumber() would leave an array open
      low = Math.min(low, ids.getDouble(i));
      high = Math.max(high, ids.getDouble(i));
    }
    double rows = composite.attribute("rows");
    if (low < 0 || high >= rows) {
      throw new IllegalArgumentException(
          "input \"%s\": ids must be in [0, %.0f), but are between %.0f and %.0f"
              .formatted(composite.inputs().get(0), rows, low, high));
    }
  }

  /**
   * Checks the cotangents of a backward run: each belongs to an output and has its shape and type.
   *
   * @param given by the output's name
   * @throws IllegalArgumentException with what was expected and what was found
   */
  public void requireCotangents(Map<String, INDArray> given) {
    if (!outputs.keySet().containsAll(given.keySet())) {
      throw new IllegalArgumentException(
          "cotangents must belong to the outputs %s, but were for %s"
              .formatted(outputs.keySet(), given.keySet()));
    }
    outputs.forEach(
        (name, tensor) -> {
          if (given.containsKey(name)) {
            require("cotangent", name, tensor, given.get(name));
          }
        });
  }

  private static void require(
      String what, String name, Tensor expected, @Nullable INDArray actual) {
    if (actual == null
        || actual.dataType() != expected.dataType()
        || !hasShape(actual, expected.shape())) {
      throw new IllegalArgumentException(
          "%s \"%s\" must be %s %s, but was %s"
              .formatted(
                  what,
                  name,
                  expected.dataType(),
                  expected.shape(),
                  actual == null
                      ? "null"
                      : actual.dataType() + " " + ImmutableLongArray.copyOf(actual.shape())));
    }
  }

  /** Without a copy of the shape: this is done at each run. */
  private static boolean hasShape(INDArray array, ImmutableLongArray shape) {
    boolean equal = array.rank() == shape.length();
    for (int d = 0; equal && d < shape.length(); d++) {
      equal = array.size(d) == shape.get(d);
    }
    return equal;
  }
}

package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
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
}

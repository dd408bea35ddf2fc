package org.tastemaker.diffusion.model;

import com.google.common.base.Predicates;
import com.google.common.collect.ImmutableSet;
import java.util.Set;
import java.util.function.Predicate;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.onednn.Execution;

/**
 * What a model's function can do beside running forward.
 *
 * <p>A model keeps its latest functions and finds them by their options, so keep the options too:
 * two lambdas are never equal, however alike.
 *
 * @param trainable whether a parameter, of the network or of the adapter, is trained; the others
 *     are constants to the graph
 * @param inputGradients the names of the inputs whose gradient is wanted
 * @param adapter joins in while the graph is built
 * @param factory makes the graph runnable: {@link Execution#compiled} by default
 */
public record FunctionOptions(
    Predicate<String> trainable,
    ImmutableSet<String> inputGradients,
    Adapter adapter,
    GraphFunction.Factory factory) {
  /**
   * Forward only.
   *
   * @return the options
   */
  public static FunctionOptions inference() {
    return new FunctionOptions(
        Predicates.alwaysFalse(), ImmutableSet.of(), Adapter.NONE, Execution.compiled());
  }

  /**
   * Gradients for every parameter.
   *
   * @return the options
   */
  public static FunctionOptions training() {
    return inference().withTrainable(Predicates.alwaysTrue());
  }

  /**
   * These options with other trainable parameters.
   *
   * @param trainable whether the parameter of a name is trained
   * @return the options
   */
  public FunctionOptions withTrainable(Predicate<String> trainable) {
    return new FunctionOptions(trainable, inputGradients, adapter, factory);
  }

  /**
   * These options with other differentiable inputs.
   *
   * @param inputs names of inputs
   * @return the options
   */
  public FunctionOptions withInputGradients(Set<String> inputs) {
    return new FunctionOptions(trainable, ImmutableSet.copyOf(inputs), adapter, factory);
  }

  /**
   * These options with another adapter.
   *
   * @param adapter joins in while the graph is built
   * @return the options
   */
  public FunctionOptions withAdapter(Adapter adapter) {
    return new FunctionOptions(trainable, inputGradients, adapter, factory);
  }

  /**
   * These options with another way of running the graph.
   *
   * @param factory makes the graph runnable
   * @return the options
   */
  public FunctionOptions withFactory(GraphFunction.Factory factory) {
    return new FunctionOptions(trainable, inputGradients, adapter, factory);
  }

  /** Checks that the differentiable inputs exist. */
  void requireInputs(Set<String> floatingInputs) {
    if (!floatingInputs.containsAll(inputGradients)) {
      throw new IllegalArgumentException(
          "gradients can be had for the inputs %s, but were asked for %s"
              .formatted(floatingInputs, inputGradients));
    }
  }
}

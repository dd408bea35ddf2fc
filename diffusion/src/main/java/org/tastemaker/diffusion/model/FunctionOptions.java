package org.tastemaker.diffusion.model;

import com.google.common.base.Predicates;
import com.google.common.collect.ImmutableSet;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;

/**
 * Which gradients a model's function gives, which adapter it has, and which engine runs it.
 *
 * <p>A model keeps its latest functions and finds them by their options, so a caller should keep
 * its options too: two lambdas are never equal, even if they do the same.
 *
 * @param trainable whether a parameter, of the network or of the adapter, is trained; the others
 *     are constants to the graph
 * @param inputGradients the names of the inputs whose gradient is wanted
 * @param adapter joins in while the graph is built
 * @param engine runs the graph: {@link Engines#auto} by default, {@link Engines#named} for one of a
 *     name
 */
@RecordBuilder
public record FunctionOptions(
    Predicate<String> trainable, Set<String> inputGradients, Adapter adapter, Engine engine)
    implements FunctionOptionsBuilder.With {
  /**
   * Puts the checks of inputs and cotangents before the engine.
   *
   * @param trainable as above
   * @param inputGradients as above
   * @param adapter as above
   * @param engine as above
   */
  public FunctionOptions {
    Objects.requireNonNull(trainable, "trainable == null");
    inputGradients = ImmutableSet.copyOf(inputGradients);
    Objects.requireNonNull(adapter, "adapter == null");
    engine = Engines.checked(Objects.requireNonNull(engine, "engine == null"));
  }

  /**
   * Forward only.
   *
   * @return the options
   */
  public static FunctionOptions inference() {
    return new FunctionOptions(
        Predicates.alwaysFalse(), ImmutableSet.of(), Adapter.NONE, Engines.auto());
  }

  /**
   * Gradients for every parameter.
   *
   * @return the options
   */
  public static FunctionOptions training() {
    return inference().withTrainable(Predicates.alwaysTrue());
  }

  /** The layers of a network with these options. */
  Layers layers(Parameters parameters, DataType type) {
    return Layers.building(parameters, type, trainable, adapter);
  }

  /** Checks that the differentiable inputs exist. */
  void requireInputs(Set<String> floatingInputs) {
    if (!floatingInputs.containsAll(inputGradients)) {
      throw new IllegalArgumentException(
          "gradients can be had for the inputs "
              + floatingInputs
              + ", but were asked for "
              + inputGradients);
    }
  }
}

package org.tastemaker.diffusion.engine;

import com.google.common.collect.ImmutableList;
import java.util.Collection;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;

/**
 * A way to run graphs, found by {@link java.util.ServiceLoader}: a public class with a public
 * constructor without parameters, named in {@code
 * META-INF/services/org.tastemaker.diffusion.engine.Engine}.
 *
 * <p>Programs get an engine from {@link Engines}, which puts the checks of inputs and cotangents
 * before it. An engine itself checks nothing of the kind.
 */
public interface Engine {
  /**
   * The name by which options ask for the engine.
   *
   * @return a short word in lower case, such as {@code replay}
   */
  String name();

  /**
   * Where the engine stands in the order in which {@link Engines#auto} tries them.
   *
   * @return the highest is tried first; 0, the default, is never tried: such an engine is used only
   *     where it is named
   */
  default int priority() {
    return 0;
  }

  /**
   * Whether the engine can run on this machine. It should answer quickly after the first call, and
   * must not throw because something is missing.
   *
   * @return nothing if it can, otherwise what is missing and the way out
   */
  Optional<String> whyNot();

  /**
   * Whether the engine can run a graph; asked only where it can run at all.
   *
   * @param graph to be run
   * @return nothing if it can, otherwise what it cannot do
   */
  default Optional<String> whyNot(GraphDefinition graph) {
    return Optional.empty();
  }

  /**
   * What a person should know before work begins on this engine, such as that a faster one is
   * missing.
   *
   * @return nothing where all is well, otherwise a sentence with the way out
   */
  default Optional<String> notice() {
    return Optional.empty();
  }

  /**
   * The same engine elsewhere or in other numbers.
   *
   * @param placement where it computes, and in which numbers
   * @return the engine, equal for equal placements
   * @throws IllegalArgumentException if it cannot; this one, unless an engine says otherwise, knows
   *     the processor and float32
   */
  default Engine on(Placement placement) {
    if (!placement.isPlain()) {
      throw new IllegalArgumentException(
          "the engine \""
              + name()
              + "\" computes on the processor in float32, not as "
              + placement);
    }
    return this;
  }

  /**
   * Keeps trained parameters, and updates them, where the engine computes.
   *
   * @param parameters distinct arrays of type FLOAT in C order, which stay their owner's
   * @param averages whether a moving average of them is kept too
   * @return of zeros, and the caller closes it; empty if the placement has updates made on the
   *     host, as those of an engine that computes in the host's memory are
   * @throws IllegalStateException if the memory there does not hold it
   */
  default Optional<ResidentTraining> train(ImmutableList<INDArray> parameters, boolean averages) {
    return Optional.empty();
  }

  /**
   * Makes a graph runnable.
   *
   * @param graph to be run; it belongs to the function from now on
   * @return the function; the caller closes it
   */
  GraphFunction create(GraphDefinition graph);

  /**
   * Makes a graph runnable beside functions that read the same parameters, such as a model's for
   * other batch sizes, and may share with them what the engine makes of frozen ones. Each function
   * gives the results that it would give alone, and they are closed in any order.
   *
   * <p>Where it is shared, {@link GraphFunction#parametersChanged} of one function may show the
   * change to the others too.
   *
   * @param graph to be run; it belongs to the function from now on
   * @param siblings functions of any engine, made for the same owner
   * @return the function; the caller closes it
   */
  default GraphFunction create(GraphDefinition graph, Collection<GraphFunction> siblings) {
    return create(graph);
  }
}

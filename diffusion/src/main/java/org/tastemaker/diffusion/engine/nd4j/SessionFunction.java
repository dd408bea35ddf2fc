package org.tastemaker.diffusion.engine.nd4j;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.InferenceSession;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Runs a graph in SameDiff's own session, for comparison: the other ways must give its numbers.
 * {@link #backward} computes the forward half again, because a session keeps nothing between two
 * runs.
 *
 * <p>It is not for long runs. A session of ND4J 1.0.0-M2.1 spends 60 to 400 microseconds on each
 * op, and of two arrays of equal content it frees one, so that memory grows.
 */
final class SessionFunction implements GraphFunction {
  private final GraphDefinition definition;
  private final Nd4jGraph graph;
  private final Session session;
  private final Map<String, INDArray> inputs = new LinkedHashMap<>();
  private final Map<String, INDArray> outputs = new LinkedHashMap<>();
  private final Map<String, INDArray> gradients = new LinkedHashMap<>();

  /**
   * A function that runs a graph.
   *
   * @param definition of the graph
   */
  SessionFunction(GraphDefinition definition) {
    this.definition = definition;
    this.graph = Nd4jGraph.of(definition);
    this.session = new Session(graph.sameDiff());
  }

  @Override
  public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
    closeAll(this.inputs);
    closeAll(outputs);
    definition.inputs().keySet().forEach(name -> this.inputs.put(name, dup(inputs.get(name))));

    Map<String, String> wanted = new LinkedHashMap<>();
    definition.outputs().forEach((name, tensor) -> wanted.put(name, tensor.name()));
    run(wanted, this.inputs, outputs);
    return Collections.unmodifiableMap(outputs);
  }

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
    Backward backward = Objects.requireNonNull(graph.backward());
    closeAll(gradients);

    Map<String, INDArray> placeholders = new LinkedHashMap<>(inputs);
    Map<String, INDArray> zeros = new LinkedHashMap<>();
    definition
        .outputs()
        .forEach(
            (name, tensor) -> {
              String placeholder = backward.cotangents().get(tensor.name());
              INDArray cotangent = cotangents.get(name);
              if (cotangent == null) {
                cotangent = zeros(tensor);
                zeros.put(placeholder, cotangent);
              }
              placeholders.put(placeholder, cotangent);
            });
    Map<String, String> wanted = new LinkedHashMap<>();
    List<String> unused = new ArrayList<>();
    for (String name : definition.differentiable().keySet()) {
      String gradient = backward.gradients().get(name);
      if (gradient == null) {
        unused.add(name);
      } else {
        wanted.put(name, gradient);
      }
    }
    run(wanted, placeholders, gradients);
    // What no output depends on has the gradient zero.
    unused.forEach(name -> gradients.put(name, zeros(leaf(name))));
    closeAll(zeros);
    return Collections.unmodifiableMap(gradients);
  }

  @Override
  public void close() {
    closeAll(inputs);
    closeAll(outputs);
    closeAll(gradients);
    session.getMmgr().close();
  }

  /** Runs the graph as far as the wanted variables and puts their arrays into {@code results}. */
  private void run(
      Map<String, String> wanted,
      Map<String, INDArray> placeholders,
      Map<String, INDArray> results) {
    Map<String, INDArray> arrays =
        session.run(new ArrayList<>(new LinkedHashSet<>(wanted.values())), placeholders);
    // An identity in a session returns its input's array: never hand out, and so later close, one
    // that is a parameter, a placeholder, or another result.
    Set<INDArray> taken = Collections.newSetFromMap(new IdentityHashMap<>());
    taken.addAll(placeholders.values());
    definition.leaves().values().stream()
        .map(Leaf::array)
        .filter(Objects::nonNull)
        .forEach(taken::add);
    wanted.forEach(
        (name, variable) -> {
          INDArray array = arrays.get(variable);
          results.put(name, taken.add(array) ? array : dup(array));
        });
  }

  private static INDArray dup(@Nullable INDArray array) {
    if (array == null) {
      throw new IllegalStateException("the session did not return an array that was asked for");
    }
    return array.dup('c');
  }

  private Tensor leaf(String name) {
    return Objects.requireNonNull(definition.differentiable().get(name));
  }

  private static INDArray zeros(Tensor tensor) {
    return Nd4j.zeros(tensor.dataType(), tensor.shape().toArray());
  }

  private static void closeAll(Map<String, INDArray> arrays) {
    arrays.values().stream().filter(INDArray::closeable).forEach(INDArray::close);
    arrays.clear();
  }

  /** A session that clears its list of freed arrays between two runs. */
  private static final class Session extends InferenceSession {
    Session(SameDiff sameDiff) {
      super(sameDiff);
    }

    Map<String, INDArray> run(List<String> variables, Map<String, INDArray> placeholders) {
      // The list prevents a second free within a run; never cleared, it fills the heap.
      freedArrays.clear();
      return output(variables, placeholders, null, List.of(), List.of(), At.defaultAt());
    }
  }
}

package org.tastemaker.diffusion.testing.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;

/** Runs a graph on an engine and by {@code replay}, and compares. */
public final class Comparison {
  private Comparison() {}

  /**
   * Compares outputs and gradients at random inputs and cotangents: two forward runs, each with two
   * backward runs.
   *
   * @param engine to be held
   * @param bounds of it
   * @param seed of the graph and its values
   * @param builder of the graph
   */
  public static void check(Engine engine, Bounds bounds, long seed, GraphBuilder builder) {
    Values values = new Values(seed);
    GraphDefinition graph = graph(builder, values);
    try (GraphFunction actual = engine.create(graph);
        GraphFunction replay = Engines.named("replay").create(graph(builder, new Values(seed)))) {
      for (int run = 0; run < 2; run++) {
        compare(actual, replay, graph, values, bounds);
      }
    }
  }

  private static GraphDefinition graph(GraphBuilder builder, Values values) {
    Ops ops = new Ops(DataType.FLOAT);
    return GraphDefinition.of(ops, builder.build(ops, values));
  }

  private static void compare(
      GraphFunction actual,
      GraphFunction expected,
      GraphDefinition graph,
      Values values,
      Bounds bounds) {
    assertClose(
        actual.forward(values.inputs()), expected.forward(values.inputs()), bounds.forward());
    if (!graph.isDifferentiable()) {
      return;
    }
    for (int backward = 0; backward < 2; backward++) {
      Map<String, INDArray> cotangents = new LinkedHashMap<>();
      graph
          .outputs()
          .forEach(
              (name, tensor) -> cotangents.put(name, values.array(1, tensor.shape().toArray())));
      assertClose(
          actual.backward(cotangents),
          expected.backward(cotangents),
          bounds.gradient(),
          bounds.zero());
    }
  }

  /**
   * The same arrays, each of the same shape and within a bound; what is zero is zero.
   *
   * @param actual the engine's
   * @param expected the reference's
   * @param bound of the norm of each difference, relative to the norm of the reference
   */
  public static void assertClose(
      Map<String, INDArray> actual, Map<String, INDArray> expected, double bound) {
    assertClose(actual, expected, bound, 0);
  }

  /**
   * The same arrays, each of the same shape and within a bound.
   *
   * @param actual the engine's
   * @param expected the reference's
   * @param bound of the norm of each difference, relative to the norm of the reference
   * @param zero of the root of the mean square where the reference is zero
   */
  public static void assertClose(
      Map<String, INDArray> actual, Map<String, INDArray> expected, double bound, double zero) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, array) -> {
          INDArray ours = requireNonNull(actual.get(name));
          assertThat(ours.shape()).as(name).isEqualTo(array.shape());
          double norm = array.norm2Number().doubleValue();
          double error = ours.sub(array).norm2Number().doubleValue();
          double slack = norm == 0 ? zero * Math.sqrt((double) array.length()) : bound * norm;
          assertThat(error)
              .as("error of %s, relative to the norm %s", name, norm)
              .isLessThanOrEqualTo(slack + 1e-12);
        });
  }
}

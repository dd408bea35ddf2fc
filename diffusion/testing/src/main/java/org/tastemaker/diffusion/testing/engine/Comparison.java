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
  /**
   * The root of the mean square below which an error is not taken as relative. Values here are of
   * size 1; where a sum of them nearly cancels, such as the gradient of one bias, what is left
   * keeps the rounding of its terms.
   */
  private static final double SMALL = 0.1;

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
        actual.forward(values.inputs()),
        expected.forward(values.inputs()),
        bounds.forward(),
        0,
        SMALL);
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
          bounds.zero(),
          SMALL);
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
    assertClose(actual, expected, bound, 0, 0);
  }

  /**
   * An array that is zero may be off by {@code zero}, and one smaller than {@code small} is taken
   * to be as large; both are roots of the mean square.
   */
  private static void assertClose(
      Map<String, INDArray> actual,
      Map<String, INDArray> expected,
      double bound,
      double zero,
      double small) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, array) -> {
          INDArray ours = requireNonNull(actual.get(name));
          assertThat(ours.shape()).as(name).isEqualTo(array.shape());
          double norm = array.norm2Number().doubleValue();
          double error = ours.sub(array).norm2Number().doubleValue();
          double size = Math.sqrt((double) array.length());
          double slack = norm == 0 ? zero * size : bound * Math.max(norm, small * size);
          assertThat(error)
              .as("error of %s, relative to the norm %s", name, norm)
              .isLessThanOrEqualTo(slack + 1e-12);
        });
  }
}

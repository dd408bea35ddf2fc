package org.tastemaker.diffusion.torch;

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
import org.tastemaker.diffusion.testing.engine.Bounds;
import org.tastemaker.diffusion.testing.engine.GraphBuilder;
import org.tastemaker.diffusion.testing.engine.LayerContract;
import org.tastemaker.diffusion.testing.engine.Values;

/**
 * Each kind of layer in bfloat16. A single number may be a sum that nearly cancels, such as the
 * gradient of a bias, and keeps the rounding of its terms: numbers are judged all together.
 */
class TorchBfloat16LayersTest extends LayerContract {
  @Override
  protected Engine engine() {
    return TestEngines.of("bfloat16");
  }

  @Override
  protected Bounds bounds() {
    return TestEngines.BFLOAT16;
  }

  @Override
  protected void check(long seed, GraphBuilder builder) {
    Values values = new Values(seed);
    GraphDefinition graph = graph(builder, values);
    try (GraphFunction actual = engine().create(graph);
        GraphFunction replay = Engines.named("replay").create(graph(builder, new Values(seed)))) {
      assertCloseTogether(
          actual.forward(values.inputs()), replay.forward(values.inputs()), bounds().forward());
      if (graph.isDifferentiable()) {
        Map<String, INDArray> cotangents = new LinkedHashMap<>();
        graph
            .outputs()
            .forEach((name, out) -> cotangents.put(name, values.array(1, out.shape().toArray())));
        assertCloseTogether(
            actual.backward(cotangents), replay.backward(cotangents), bounds().gradient());
      }
    }
  }

  private static GraphDefinition graph(GraphBuilder builder, Values values) {
    Ops ops = new Ops(DataType.FLOAT);
    return GraphDefinition.of(ops, builder.build(ops, values));
  }

  /** Of numbers of size 1, even if they are sums that cancel. */
  private static void assertCloseTogether(
      Map<String, INDArray> actual, Map<String, INDArray> expected, double bound) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    double error = 0;
    double norm = 0;
    long count = 0;
    for (Map.Entry<String, INDArray> entry : expected.entrySet()) {
      INDArray ours = requireNonNull(actual.get(entry.getKey()));
      assertThat(ours.shape()).as(entry.getKey()).isEqualTo(entry.getValue().shape());
      error += Math.pow(ours.sub(entry.getValue()).norm2Number().doubleValue(), 2);
      norm += Math.pow(entry.getValue().norm2Number().doubleValue(), 2);
      count += ours.length();
    }
    assertThat(Math.sqrt(error))
        .as("error, relative to the norm %s of %s numbers", Math.sqrt(norm), count)
        .isLessThanOrEqualTo(bound * Math.sqrt(Math.max(norm, (double) count)));
  }
}

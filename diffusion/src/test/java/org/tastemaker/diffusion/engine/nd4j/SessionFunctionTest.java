package org.tastemaker.diffusion.engine.nd4j;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** The session gives what the replay gives, forward and backward. */
class SessionFunctionTest {
  private static final INDArray WEIGHT = normal(1, 3, 3, 4, 6);
  private static final INDArray SCALE = normal(2, 6);
  private static final INDArray SHIFT = normal(3, 6);

  private static INDArray normal(int stream, long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    float[] values = new float[(int) array.length()];
    Seed.of(7).gaussian(stream, values);
    for (int i = 0; i < values.length; i++) {
      array.data().put(i, values[i]);
    }
    return array;
  }

  private static GraphDefinition graph() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", true, 2, 4, 5, 5);
    Tensor w = ops.parameter("w", WEIGHT, true);
    Tensor h = ops.conv2d("conv", x, w, null, 1, Padding.all(1));
    Tensor n =
        ops.groupNorm(
            "norm",
            h,
            ops.parameter("scale", SCALE, true),
            ops.parameter("shift", SHIFT, false),
            2,
            1e-5);
    return GraphDefinition.of(ops, Map.of("out", ops.add("sum", ops.silu("act", n), h)));
  }

  @Test
  void outputsAndGradientsAreThoseOfTheReplay() {
    try (GraphFunction session = Engines.named("session").create(graph());
        GraphFunction replay = Engines.named("replay").create(graph());
        INDArray x = normal(4, 2, 4, 5, 5);
        INDArray cotangent = normal(5, 2, 6, 5, 5)) {
      assertSame(session.forward(Map.of("x", x)), replay.forward(Map.of("x", x)), List.of("out"));
      assertSame(
          session.backward(Map.of("out", cotangent)),
          replay.backward(Map.of("out", cotangent)),
          List.of("x", "w", "scale"));
    }
  }

  @Test
  void aGradientNeedsAForwardRunFirst() {
    try (GraphFunction session = Engines.named("session").create(graph());
        INDArray cotangent = normal(5, 2, 6, 5, 5)) {
      assertThatThrownBy(() -> session.backward(Map.of("out", cotangent)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("call forward first");
      assertThatThrownBy(() -> session.forward(Map.of()))
          .hasMessageContaining("the inputs must be exactly [x]");
    }
  }

  private static void assertSame(
      Map<String, INDArray> ours, Map<String, INDArray> reference, List<String> names) {
    assertThat(ours).containsOnlyKeys(names);
    for (String name : names) {
      float[] a = requireNonNull(ours.get(name)).dup('c').data().asFloat();
      float[] b = requireNonNull(reference.get(name)).dup('c').data().asFloat();
      double difference = 0;
      double norm = 0;
      for (int i = 0; i < a.length; i++) {
        difference += Math.pow(a[i] - b[i], 2);
        norm += Math.pow(b[i], 2);
      }
      // The same ops on the same numbers: at most the order of a sum differs.
      assertThat(Math.sqrt(difference / norm)).as(name).isLessThan(1e-6);
    }
  }
}

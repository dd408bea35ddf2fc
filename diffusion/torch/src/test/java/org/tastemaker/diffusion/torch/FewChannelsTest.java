package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Convolutions of few channels. With the channels first, this LibTorch's were seen to be off by
 * half on processors with AVX-512, gradients more than outputs; with the channels last they are
 * right, in float64 in either layout.
 */
class FewChannelsTest {
  private static INDArray array(DataType type, long seed, long... shape) {
    INDArray array = Nd4j.create(type, shape);
    float[] values = new float[(int) array.length()];
    Seed.of(seed).gaussian(0, values);
    for (int i = 0; i < values.length; i++) {
      array.data().put(i, values[i]);
    }
    return array;
  }

  /** The output and the gradients of a convolution of 3 x 3 after another one. */
  private static Map<String, INDArray> run(
      DataType type, String precision, int channels, int out, int side) {
    Ops ops = new Ops(type);
    Tensor x = ops.input("x", true, 2, channels, side, side);
    Tensor h =
        ops.conv2d(
            "first",
            x,
            ops.parameter("w1", array(type, 1, 3, 3, channels, channels).muli(0.1), true),
            null,
            1,
            Padding.all(1));
    Tensor y =
        ops.conv2d(
            "second",
            ops.silu("act", h),
            ops.parameter("w2", array(type, 2, 3, 3, channels, out).muli(0.1), true),
            ops.parameter("b2", array(type, 3, out), true),
            1,
            Padding.all(1));
    Map<String, INDArray> results = new LinkedHashMap<>();
    try (GraphFunction function =
        TestEngines.of(precision).create(GraphDefinition.of(ops, Map.of("out", y)))) {
      function
          .forward(Map.of("x", array(type, 4, 2, channels, side, side)))
          .forEach((name, array) -> results.put(name, array.dup().castTo(DataType.DOUBLE)));
      function
          .backward(Map.of("out", array(type, 5, 2, out, side, side)))
          .forEach((name, array) -> results.put("d " + name, array.dup().castTo(DataType.DOUBLE)));
    }
    return results;
  }

  private static void assertClose(
      Map<String, INDArray> actual, Map<String, INDArray> expected, double bound) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, array) -> {
          double norm = array.norm2Number().doubleValue();
          double error =
              Objects.requireNonNull(actual.get(name)).sub(array).norm2Number().doubleValue();
          assertThat(norm).as(name).isPositive();
          assertThat(error / norm).as(name).isLessThan(bound);
        });
  }

  @ParameterizedTest
  @CsvSource({
    "4, 4, 8",
    "4, 8, 32",
    "8, 4, 32",
    "8, 8, 16",
    "12, 12, 32",
    "3, 16, 24",
    "4, 32, 16"
  })
  void areRight(int channels, int out, int side) {
    Map<String, INDArray> exact = run(DataType.DOUBLE, "float32", channels, out, side);
    // float32 rounds by 6e-8; sums of up to 2,000 such errors stay below this.
    assertClose(run(DataType.FLOAT, "float32", channels, out, side), exact, 1e-5);
    // bfloat16 rounds by 4e-3, three times on the way to the first kernel's gradient.
    assertClose(run(DataType.FLOAT, "bfloat16", channels, out, side), exact, 2e-2);
  }
}

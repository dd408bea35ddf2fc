package org.tastemaker.diffusion.engine.onednn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Runs a graph compiled and by replay, and compares.
 *
 * <p>Both compute in float32, but sum in different orders. A sum of n terms of random sign is off
 * by about sqrt(n) units in the last place, 6e-8 each; the sums here have up to a few thousand
 * terms, and a few layers follow each other: 1e-5 forward. Gradients go through twice as many
 * layers, and those of normalizations are differences of nearly equal sums: 1e-4. Errors are norms
 * relative to the norm of the reference.
 */
final class Comparison {
  static final double FORWARD = 1e-5;
  static final double GRADIENT = 1e-4;

  private Comparison() {}

  /** Builds a graph; the random numbers are the same at each call. */
  interface Builder {
    Map<String, Tensor> build(Ops ops, Values values);
  }

  /** Random parameters, and the inputs that a run is given. */
  static final class Values {
    private final Random random;
    private final Map<String, INDArray> inputs = new LinkedHashMap<>();

    Values(long seed) {
      random = new Random(seed);
    }

    Random random() {
      return random;
    }

    INDArray array(double scale, long... shape) {
      long count = 1;
      for (long size : shape) {
        count *= size;
      }
      float[] values = new float[(int) count];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (scale * random.nextGaussian());
      }
      return Nd4j.createFromArray(values).reshape(shape).dup('c');
    }

    Tensor input(Ops ops, String name, boolean differentiable, long... shape) {
      inputs.put(name, array(1, shape));
      return ops.input(name, differentiable, shape);
    }

    Tensor ids(Ops ops, String name, int rows, long... shape) {
      INDArray ids = Nd4j.create(DataType.INT32, shape);
      for (long i = 0; i < ids.length(); i++) {
        ids.putScalar(i, random.nextInt(rows));
      }
      inputs.put(name, ids);
      return ops.intInput(name, shape);
    }

    Tensor parameter(Ops ops, String name, boolean trainable, long... shape) {
      long fan = 1;
      for (long size : shape) {
        fan *= size;
      }
      double scale = shape.length == 1 ? 1 : Math.sqrt(8.0 / fan);
      return ops.parameter(name, array(scale, shape), trainable);
    }

    Map<String, INDArray> inputs() {
      return inputs;
    }
  }

  /** Compares outputs and gradients at random inputs and cotangents, twice. */
  static void check(long seed, Builder builder) {
    check(seed, builder, Set.of());
  }

  /** As {@link #check(long, Builder)}, with some layers left to the stock ops. */
  static void check(long seed, Builder builder, Set<String> stock) {
    check(seed, builder, stock, stock);
  }

  /** As before, where the compiler finds no kernel for some layers. */
  static void check(long seed, Builder builder, Set<String> stock, Set<String> expectedStock) {
    Ops ops = new Ops(DataType.FLOAT);
    Values values = new Values(seed);
    GraphDefinition compiledGraph = GraphDefinition.of(ops, builder.build(ops, values));
    Ops replayOps = new Ops(DataType.FLOAT);
    GraphDefinition replayGraph =
        GraphDefinition.of(replayOps, builder.build(replayOps, new Values(seed)));
    try (CompiledFunction compiled = new CompiledFunction(compiledGraph, stock, null);
        GraphFunction replay = Engines.named("replay").create(replayGraph)) {
      assertThat(compiled.stockLayers()).isEqualTo(expectedStock);
      for (int run = 0; run < 2; run++) {
        compare(compiled, replay, compiledGraph, values);
      }
    }
  }

  static void compare(
      GraphFunction actual, GraphFunction expected, GraphDefinition graph, Values values) {
    assertClose(actual.forward(values.inputs()), expected.forward(values.inputs()), FORWARD);
    if (!graph.isDifferentiable()) {
      return;
    }
    for (int backward = 0; backward < 2; backward++) {
      Map<String, INDArray> cotangents = new LinkedHashMap<>();
      graph
          .outputs()
          .forEach(
              (name, tensor) -> cotangents.put(name, values.array(1, tensor.shape().toArray())));
      assertClose(actual.backward(cotangents), expected.backward(cotangents), GRADIENT);
    }
  }

  static void assertClose(
      Map<String, INDArray> actual, Map<String, INDArray> expected, double bound) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, array) -> {
          INDArray ours = requireNonNull(actual.get(name));
          assertThat(ours.shape()).as(name).isEqualTo(array.shape());
          double norm = array.norm2Number().doubleValue();
          double error = ours.sub(array).norm2Number().doubleValue();
          assertThat(error)
              .as("error of %s, relative to the norm %s", name, norm)
              .isLessThanOrEqualTo(bound * norm + 1e-12);
        });
  }
}

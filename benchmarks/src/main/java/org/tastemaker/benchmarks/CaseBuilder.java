package org.tastemaker.benchmarks;

import com.google.common.collect.ImmutableMap;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** Builds a graph with random parameters, and the inputs of a run. */
final class CaseBuilder {
  private final String name;
  private final Seed seed;
  private final Ops ops = new Ops(DataType.FLOAT);
  private final Map<String, INDArray> inputs = new LinkedHashMap<>();

  CaseBuilder(String name, Seed seed) {
    this.name = name;
    this.seed = seed.split(name);
  }

  Ops ops() {
    return ops;
  }

  /** An input whose gradient is wanted. */
  Tensor input(String input, long... shape) {
    inputs.put(input, normal(input, shape));
    return ops.input(input, true, shape);
  }

  /** Time steps between 0 and 1000, of which every second one is not a whole number. */
  Tensor times(String input, int count) {
    RandomGenerator random = seed.split(input).generator();
    INDArray times = Nd4j.create(DataType.FLOAT, count);
    for (int i = 0; i < count; i++) {
      times.putScalar(i, random.nextInt(1000) + (i % 2) / 2.0);
    }
    inputs.put(input, times);
    return ops.input(input, false, count);
  }

  Tensor ids(String input, int rows, long... shape) {
    inputs.put(input, ids(seed.split(input), rows, shape));
    return ops.intInput(input, shape);
  }

  /** A trainable parameter; a weight's outputs have a variance near that of its inputs. */
  Tensor parameter(String parameter, long... shape) {
    INDArray array = normal(parameter, shape);
    if (shape.length > 1) {
      long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      long out = shape.length == 4 ? shape[3] : shape[0];
      array.muli(1 / Math.sqrt((double) count / out));
    }
    return ops.parameter(parameter, array, true);
  }

  /** A norm's scale, around 1. */
  Tensor scale(String parameter, long size) {
    return ops.parameter(parameter, normal(parameter, size).muli(0.3).addi(1), true);
  }

  Tensor constant(String constant, long... shape) {
    return ops.constant(constant, normal(constant, shape));
  }

  BundleCase build(Tensor output) {
    GraphDefinition graph = GraphDefinition.of(ops, ImmutableMap.of("out", output));
    return new BundleCase(name, graph, inputs, cotangents(graph, seed));
  }

  private INDArray normal(String array, long... shape) {
    return Workload.normal(seed.split(array), shape);
  }

  static INDArray ids(Seed seed, int rows, long... shape) {
    RandomGenerator random = seed.generator();
    INDArray ids = Nd4j.create(DataType.INT32, shape);
    for (long i = 0; i < ids.length(); i++) {
      ids.putScalar(i, random.nextInt(rows));
    }
    return ids;
  }

  /** Random cotangents of the outputs through which a gradient flows. */
  static Map<String, INDArray> cotangents(GraphDefinition graph, Seed seed) {
    Map<String, INDArray> cotangents = new LinkedHashMap<>();
    graph
        .outputs()
        .forEach(
            (output, tensor) -> {
              if (tensor.differentiable()) {
                Seed own = seed.split("cotangent").split(output);
                cotangents.put(output, Workload.normal(own, tensor.shape().toArray()));
              }
            });
    return cotangents;
  }
}

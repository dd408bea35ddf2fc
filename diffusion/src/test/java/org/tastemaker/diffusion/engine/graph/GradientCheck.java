package org.tastemaker.diffusion.engine.graph;

import static java.util.Objects.requireNonNull;

import com.google.common.primitives.ImmutableLongArray;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engines;

/**
 * Compares gradients with central differences, in double precision, for {@code sum(out *
 * cotangent)} with a random cotangent.
 *
 * <p>With a step h = 1e-5 and values of order 1 the difference quotient is off by h^2 / 6 times the
 * third derivative (1e-11) and by the rounding of the loss over h (about 1e-15 / 1e-5 = 1e-10 a
 * term), so a right gradient agrees to 1e-8 or better, while a wrong one is off by per cents.
 * {@link #BOUND} leaves two orders of magnitude for large derivatives.
 */
public final class GradientCheck {
  /** The relative error that a right gradient stays below. */
  public static final double BOUND = 1e-6;

  private static final double STEP = 1e-5;
  private static final int SAMPLES = 24;

  private GradientCheck() {}

  /** An array of doubles between about -2 and 2, the same for the same seed. */
  public static INDArray random(Seed seed, long... shape) {
    INDArray array = Nd4j.create(DataType.DOUBLE, shape);
    float[] noise = new float[(int) array.length()];
    seed.gaussian(0, noise);
    for (int i = 0; i < noise.length; i++) {
      array.data().put(i, (double) noise[i]);
    }
    return array;
  }

  /** The relative error of each leaf's gradient, for a layer with parameters of given shapes. */
  static Map<String, Double> errors(
      BiFunction<Ops, List<Tensor>, Tensor> layer, List<long[]> shapes) {
    Ops ops = new Ops(DataType.DOUBLE);
    Seed seed = Seed.of(7);
    List<Tensor> leaves =
        IntStream.range(0, shapes.size())
            .mapToObj(i -> ops.parameter("leaf" + i, random(seed.split(i), shapes.get(i)), true))
            .toList();
    Tensor out = layer.apply(ops, leaves);
    GraphDefinition definition = GraphDefinition.of(ops, Map.of("out", out));
    try (GraphFunction function = Engines.named("replay").create(definition)) {
      return errors(function, definition, Map.of());
    }
  }

  /** The relative error of the gradient of each trainable parameter and differentiable input. */
  public static Map<String, Double> errors(
      GraphFunction function, GraphDefinition definition, Map<String, INDArray> inputs) {
    Map<String, INDArray> cotangents = new LinkedHashMap<>();
    definition
        .outputs()
        .forEach(
            (name, tensor) ->
                cotangents.put(name, random(Seed.of(99).split(name), tensor.shape().toArray())));
    Map<String, INDArray> leaves = new LinkedHashMap<>(definition.trainable());
    definition.inputs().values().stream()
        .filter(Tensor::differentiable)
        .forEach(input -> leaves.put(input.name(), requireNonNull(inputs.get(input.name()))));
    Map<String, INDArray> outputs = function.forward(inputs);
    definition
        .outputs()
        .forEach(
            (name, tensor) -> {
              if (!tensor.shape().equals(shapeOf(requireNonNull(outputs.get(name))))) {
                throw new AssertionError(
                    name + " was said to be " + tensor.shape() + ", is " + outputs.get(name));
              }
            });
    Map<String, INDArray> gradients = new LinkedHashMap<>();
    function.backward(cotangents).forEach((name, array) -> gradients.put(name, array.dup('c')));

    Map<String, Double> errors = new LinkedHashMap<>();
    leaves.forEach(
        (name, leaf) -> {
          double difference = 0;
          double norm = 0;
          long count = Math.min(SAMPLES, leaf.length());
          for (long k = 0; k < count; k++) {
            long i = k * leaf.length() / count;
            double value = leaf.data().getDouble(i);
            leaf.data().put(i, value + STEP);
            double above = loss(function, inputs, cotangents);
            leaf.data().put(i, value - STEP);
            double below = loss(function, inputs, cotangents);
            leaf.data().put(i, value);
            double numeric = (above - below) / (2 * STEP);
            difference +=
                Math.pow(numeric - requireNonNull(gradients.get(name)).data().getDouble(i), 2);
            norm += numeric * numeric;
          }
          // Where the true gradient is zero (a bias before a norm), the error is absolute.
          errors.put(name, Math.sqrt(difference / Math.max(norm, 1e-6)));
        });
    return errors;
  }

  private static double loss(
      GraphFunction function, Map<String, INDArray> inputs, Map<String, INDArray> cotangents) {
    double loss = 0;
    for (Map.Entry<String, INDArray> out : function.forward(inputs).entrySet()) {
      INDArray cotangent = requireNonNull(cotangents.get(out.getKey()));
      INDArray value = out.getValue().dup('c');
      for (long i = 0; i < value.length(); i++) {
        loss += value.data().getDouble(i) * cotangent.data().getDouble(i);
      }
      value.close();
    }
    return loss;
  }

  private static ImmutableLongArray shapeOf(INDArray array) {
    return ImmutableLongArray.copyOf(array.shape());
  }
}

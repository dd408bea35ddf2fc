package org.tastemaker.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * How far a run forward and backward is from the reference's. Errors are norms, relative to the
 * norm of the reference's array.
 *
 * @param outputs the largest error of an output
 * @param gradients the largest error of a gradient
 * @param norm the norm of all gradients together, as a share of the reference's
 * @param cosine between all gradients together and the reference's
 * @param hasGradients whether there are gradients
 */
record Difference(
    double outputs, double gradients, double norm, double cosine, boolean hasGradients) {
  /**
   * A gradient that is next to nothing, such as that of a key's bias, is all rounding: its error is
   * relative to this share of the whole gradient's norm.
   */
  private static final double SMALL = 1e-4;

  /** Runs a case on both engines. */
  static Difference of(BundleCase one, Engine engine, Engine reference) {
    try (GraphFunction actual = engine.create(one.graph());
        GraphFunction expected = reference.create(one.graph())) {
      Map<String, double[]> outputs = copy(actual.forward(one.inputs()));
      Map<String, double[]> right = copy(expected.forward(one.inputs()));
      if (one.cotangents().isEmpty()) {
        return of(outputs, right, Map.of(), Map.of());
      }
      return of(
          outputs,
          right,
          copy(actual.backward(one.cotangents())),
          copy(expected.backward(one.cotangents())));
    }
  }

  static Difference of(
      Map<String, double[]> outputs,
      Map<String, double[]> rightOutputs,
      Map<String, double[]> gradients,
      Map<String, double[]> rightGradients) {
    double dot = 0;
    double squares = 0;
    double rightSquares = 0;
    for (Map.Entry<String, double[]> entry : rightGradients.entrySet()) {
      double[] found = get(gradients, entry);
      double[] right = entry.getValue();
      for (int i = 0; i < right.length; i++) {
        dot += found[i] * right[i];
        squares += found[i] * found[i];
        rightSquares += right[i] * right[i];
      }
    }
    return new Difference(
        worst(outputs, rightOutputs, 0),
        worst(gradients, rightGradients, SMALL * Math.sqrt(rightSquares)),
        Math.sqrt(squares / rightSquares),
        dot / Math.sqrt(squares * rightSquares),
        !rightGradients.isEmpty());
  }

  private static double worst(
      Map<String, double[]> found, Map<String, double[]> right, double least) {
    double worst = 0;
    for (Map.Entry<String, double[]> entry : right.entrySet()) {
      double[] a = get(found, entry);
      double[] b = entry.getValue();
      double error = 0;
      double norm = 0;
      for (int i = 0; i < b.length; i++) {
        error += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
      }
      double allowed = Math.max(Math.sqrt(norm), least);
      worst = Math.max(worst, error == 0 ? 0 : Math.sqrt(error) / allowed); // keeps NaN
    }
    return worst;
  }

  private static double[] get(Map<String, double[]> found, Map.Entry<String, double[]> right) {
    double[] array = Objects.requireNonNull(found.get(right.getKey()), "no " + right.getKey());
    if (array.length != right.getValue().length) {
      throw new IllegalStateException(
          right.getKey() + " has " + array.length + " numbers, not " + right.getValue().length);
    }
    return array;
  }

  /** A function's arrays are its own until its next call. */
  static Map<String, double[]> copy(Map<String, INDArray> arrays) {
    Map<String, double[]> copies = new LinkedHashMap<>();
    arrays.forEach(
        (name, array) -> {
          try (INDArray plain = array.dup('c')) {
            copies.put(name, plain.data().asDouble());
          }
        });
    return copies;
  }
}

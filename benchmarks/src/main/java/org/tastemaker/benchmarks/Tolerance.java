package org.tastemaker.benchmarks;

import java.util.ArrayList;
import java.util.List;
import org.tastemaker.diffusion.engine.Precision;

/**
 * How far a device may be from {@code replay}, which computes in float32 on the processor.
 *
 * @param outputs of each output, relative to its norm
 * @param gradients of each gradient, relative to its norm; not judged if infinite
 * @param norm of the whole gradient's norm, relative to the reference's
 * @param cosine by which the cosine of the whole gradient and the reference's may be below 1
 */
record Tolerance(double outputs, double gradients, double norm, double cosine) {
  /**
   * Of one precision.
   *
   * <p>float32: what the project asks of every engine. The others round each product's factors, to
   * 2^-11 (TF32) or 2^-8 (bfloat16), and single gradients that are sums of large terms of both
   * signs lose everything; so gradients are judged as a whole.
   */
  static Tolerance of(Precision precision) {
    return switch (precision) {
      case FLOAT32 -> new Tolerance(1e-4, 1e-3, 1e-3, 1e-6);
      case TF32 -> new Tolerance(1e-2, Double.POSITIVE_INFINITY, 5e-3, 1e-3);
      case BFLOAT16 -> new Tolerance(4e-2, Double.POSITIVE_INFINITY, 2e-2, 5e-3);
    };
  }

  /** What is judged of a run. */
  List<Measure> judge(Difference difference, String where) {
    List<Measure> measures = new ArrayList<>();
    measures.add(new Measure("outputs", difference.outputs(), outputs, where));
    if (difference.hasGradients()) {
      if (gradients < Double.POSITIVE_INFINITY) {
        measures.add(new Measure("gradients", difference.gradients(), gradients, where));
      }
      measures.add(new Measure("norm", Math.abs(difference.norm() - 1), norm, where));
      measures.add(new Measure("1 - cosine", 1 - difference.cosine(), cosine, where));
    }
    return measures;
  }
}

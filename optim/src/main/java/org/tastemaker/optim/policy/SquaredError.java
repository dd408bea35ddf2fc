package org.tastemaker.optim.policy;

import java.nio.FloatBuffer;
import org.tastemaker.diffusion.schedule.Reduction;

/** {@code |a - b|^2} over an image's elements, their mean or their sum, and its gradient by a. */
final class SquaredError {
  private SquaredError() {}

  static double of(Reduction reduction, FloatBuffer a, FloatBuffer b) {
    double sum = 0;
    for (int i = 0; i < a.limit(); i++) {
      double difference = (double) a.get(i) - b.get(i);
      sum += difference * difference;
    }
    return reduction == Reduction.MEAN ? sum / a.limit() : sum;
  }

  static void addGradient(
      Reduction reduction, FloatBuffer a, FloatBuffer b, double weight, FloatBuffer gradient) {
    double factor = 2 * weight / (reduction == Reduction.MEAN ? a.limit() : 1);
    for (int i = 0; i < a.limit(); i++) {
      double difference = (double) a.get(i) - b.get(i);
      gradient.put(i, (float) (gradient.get(i) + factor * difference));
    }
  }
}

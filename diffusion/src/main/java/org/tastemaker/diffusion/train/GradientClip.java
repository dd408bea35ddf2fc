package org.tastemaker.diffusion.train;

import java.nio.FloatBuffer;
import java.util.Map;
import org.tastemaker.core.DivergedException;

/** Clipping of gradients, as PyTorch's {@code clip_grad_norm_}. */
public final class GradientClip {
  /** The square of a larger norm overflows a second moment. */
  private static final double LARGEST_NORM = 1e18;

  /** Keeps the factor finite for a norm of 0; PyTorch's value. */
  private static final double EPSILON = 1e-6;

  private GradientClip() {}

  /**
   * Scale all gradients by the same factor, {@code maxNorm / (norm + 1e-6)} where that is below 1,
   * so that their Euclidean norm taken together is at most {@code maxNorm}.
   *
   * @param maxNorm above 0; infinite to measure the norm and clip nothing
   * @param gradients by the names of their parameters; written in place
   * @return the norm before clipping
   * @throws DivergedException naming the first parameter whose gradient is not finite; nothing has
   *     changed then
   */
  public static double byGlobalNorm(double maxNorm, Map<String, FloatBuffer> gradients) {
    return byGlobalNorm("clipping the gradient", maxNorm, gradients);
  }

  /** The same in a step that a failure's message names. */
  static double byGlobalNorm(String where, double maxNorm, Map<String, FloatBuffer> gradients) {
    if (!(maxNorm > 0)) {
      throw new IllegalArgumentException("maxNorm must be above 0, but was " + maxNorm);
    }
    double squares = 0;
    for (Map.Entry<String, FloatBuffer> entry : gradients.entrySet()) {
      double sum = squares(entry.getValue());
      if (!Double.isFinite(sum)) {
        throw notFinite(where, entry.getKey(), sum);
      }
      squares += sum;
    }
    double norm = Math.sqrt(squares);
    double factor = factor(maxNorm, norm);
    if (factor < 1) {
      gradients.values().forEach(gradient -> scale(gradient, factor));
    }
    return norm;
  }

  /** By which a gradient of a norm is scaled, in (0, 1]. */
  static double factor(double maxNorm, double norm) {
    return Math.min(1, maxNorm / (norm + EPSILON));
  }

  /** The gradient's square, once clipped, must be a float. */
  static void requireSquares(String where, double maxNorm, double norm) {
    if (!(Math.min(norm, maxNorm) < LARGEST_NORM)) {
      throw new DivergedException(
          where,
          "the gradient's norm is " + norm + ": set maxGradientNorm, or lower the learning rate");
    }
  }

  /** What is said of a gradient that is not finite. */
  static DivergedException notFinite(String where, String parameter, double squares) {
    return new DivergedException(
        where,
        "the gradient of "
            + parameter
            + " is not finite (its squared norm is "
            + squares
            + "): lower the learning rate, or look for the input that caused it");
  }

  private static double squares(FloatBuffer gradient) {
    double sum = 0;
    for (int i = gradient.position(); i < gradient.limit(); i++) {
      double g = gradient.get(i);
      sum += g * g;
    }
    return sum;
  }

  private static void scale(FloatBuffer gradient, double factor) {
    for (int i = gradient.position(); i < gradient.limit(); i++) {
      gradient.put(i, (float) (factor * gradient.get(i)));
    }
  }
}

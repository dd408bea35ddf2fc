package org.tastemaker.diffusion.train;

import java.nio.FloatBuffer;
import java.util.Map;
import org.tastemaker.core.DivergedException;

/** Clipping of gradients, as PyTorch's {@code clip_grad_norm_}. */
public final class GradientClip {
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
        throw new DivergedException(
            where,
            "the gradient of "
                + entry.getKey()
                + " is not finite (its squared norm is "
                + sum
                + "): lower the learning rate, or look for the input that caused it");
      }
      squares += sum;
    }
    double norm = Math.sqrt(squares);
    double factor = maxNorm / (norm + EPSILON);
    if (factor < 1) {
      gradients.values().forEach(gradient -> scale(gradient, factor));
    }
    return norm;
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

package org.tastemaker.optim.nft;

import java.nio.FloatBuffer;

/**
 * The loss of one noised image, and its derivative by the new policy's output.
 *
 * <pre>
 *   o+ = beta o + (1 - beta) o_old,  o- = (1 + beta) o_old - beta o         implicit policies
 *   x+- = a x_t + b o+-                                                      their clean estimates
 *   w+- = max(1e-5, mean |x+- - x_0|)                                        a constant
 *   loss = c [ rho mean (x+ - x_0)^2 / w+  +  (1 - rho) mean (x- - x_0)^2 / w- ] / beta
 * </pre>
 *
 * @param loss of the image, at least 0
 * @param positive mean (x+ - x_0)^2 / w+
 * @param negative mean (x- - x_0)^2 / w-
 */
record Contrast(double loss, double positive, double negative) {
  private static final double LEAST_WEIGHT = 1e-5;

  /**
   * How an output gives a clean estimate, {@code x = a x_t + b o}, and how the terms are weighed.
   *
   * @param bySample a
   * @param byOutput b
   * @param beta how far the implicit policies are from the old one
   * @param scale c, the bound of the advantages
   */
  record Terms(double bySample, double byOutput, double beta, double scale) {
    private double estimate(double x, double output) {
      return bySample * x + byOutput * output;
    }

    private double positive(double output, double old) {
      return beta * output + (1 - beta) * old;
    }

    private double negative(double output, double old) {
      return (1 + beta) * old - beta * output;
    }
  }

  /**
   * The loss of an image, whose derivative is written.
   *
   * @param rho the probability that it is a good one
   * @param terms of its timestep
   * @param noisy x_t, [C, h, w]
   * @param clean x_0, the same size
   * @param output o, the same size
   * @param old o_old, the same size
   * @param weight of the loss
   * @param gradient receives weight d loss / d o, the same size
   */
  static Contrast of(
      double rho,
      Terms terms,
      FloatBuffer noisy,
      FloatBuffer clean,
      FloatBuffer output,
      FloatBuffer old,
      double weight,
      FloatBuffer gradient) {
    int n = gradient.limit();
    double[] squares = new double[2];
    double[] sizes = new double[2];
    for (int i = 0; i < n; i++) {
      double up =
          terms.estimate(noisy.get(i), terms.positive(output.get(i), old.get(i))) - clean.get(i);
      double down =
          terms.estimate(noisy.get(i), terms.negative(output.get(i), old.get(i))) - clean.get(i);
      squares[0] += up * up;
      squares[1] += down * down;
      sizes[0] += Math.abs(up);
      sizes[1] += Math.abs(down);
    }
    double upWeight = Math.max(LEAST_WEIGHT, sizes[0] / n);
    double downWeight = Math.max(LEAST_WEIGHT, sizes[1] / n);
    double positive = squares[0] / n / upWeight;
    double negative = squares[1] / n / downWeight;
    double factor = terms.scale() / terms.beta();
    double slope = weight * factor * 2 / n * terms.byOutput() * terms.beta();
    for (int i = 0; i < n; i++) {
      double up =
          terms.estimate(noisy.get(i), terms.positive(output.get(i), old.get(i))) - clean.get(i);
      double down =
          terms.estimate(noisy.get(i), terms.negative(output.get(i), old.get(i))) - clean.get(i);
      gradient.put(i, (float) (slope * (rho * up / upWeight - (1 - rho) * down / downWeight)));
    }
    return new Contrast(factor * (rho * positive + (1 - rho) * negative), positive, negative);
  }
}

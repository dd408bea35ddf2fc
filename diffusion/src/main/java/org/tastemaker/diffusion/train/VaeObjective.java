package org.tastemaker.diffusion.train;

import java.nio.FloatBuffer;

/**
 * The terms of {@link VaeTrainer}'s loss and their gradients, outside of any graph. Each gradient
 * is added to what is in its buffer, so that terms add up.
 */
final class VaeObjective {
  private VaeObjective() {}

  /**
   * The reparameterised sample: {@code z = mean + exp(logvar / 2) noise}.
   *
   * @param mean of each latent
   * @param logvar of each latent, the logarithm of its variance
   * @param noise standard normal
   * @param z receives the sample
   */
  static void sample(FloatBuffer mean, FloatBuffer logvar, FloatBuffer noise, FloatBuffer z) {
    for (int i = 0; i < mean.limit(); i++) {
      z.put(i, (float) (mean.get(i) + Math.exp(0.5 * logvar.get(i)) * noise.get(i)));
    }
  }

  /**
   * The sample's gradient: {@code dL/dmean += dL/dz} and {@code dL/dlogvar += dL/dz noise
   * exp(logvar / 2) / 2}.
   *
   * @param dz the gradient with respect to the sample
   * @param logvar as in {@link #sample}
   * @param noise as in {@link #sample}
   * @param dMean is added to
   * @param dLogvar is added to
   */
  static void sampleGradient(
      FloatBuffer dz,
      FloatBuffer logvar,
      FloatBuffer noise,
      FloatBuffer dMean,
      FloatBuffer dLogvar) {
    for (int i = 0; i < dz.limit(); i++) {
      double g = dz.get(i);
      add(dMean, i, g);
      add(dLogvar, i, 0.5 * g * noise.get(i) * Math.exp(0.5 * logvar.get(i)));
    }
  }

  /**
   * The mean absolute error, with the gradient {@code sign(x' - x) / numel}, 0 where they agree.
   *
   * @param decoded x'
   * @param image x
   * @param factor of the gradient
   * @param gradient is added to
   * @return the mean
   */
  static double l1(FloatBuffer decoded, FloatBuffer image, double factor, FloatBuffer gradient) {
    int size = decoded.limit();
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double error = decoded.get(i) - image.get(i);
      sum += Math.abs(error);
      add(gradient, i, factor * Math.signum(error) / size);
    }
    return sum / size;
  }

  /**
   * The mean squared error, with the gradient {@code 2 (x' - x) / numel}.
   *
   * @param decoded x'
   * @param image x
   * @param factor of the gradient
   * @param gradient is added to
   * @return the mean
   */
  static double mse(FloatBuffer decoded, FloatBuffer image, double factor, FloatBuffer gradient) {
    int size = decoded.limit();
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double error = decoded.get(i) - image.get(i);
      sum += error * error;
      add(gradient, i, factor * 2 * error / size);
    }
    return sum / size;
  }

  /**
   * The KL divergence from the standard normal: {@code KL = mean (mean^2 + exp(logvar) - 1 -
   * logvar) / 2} (Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, appendix B), with
   * the gradients {@code mean / numel} and {@code (exp(logvar) - 1) / (2 numel)}.
   *
   * @param mean of each latent
   * @param logvar of each latent
   * @param factor of the gradients
   * @param dMean is added to
   * @param dLogvar is added to
   * @return the mean over the latents' numbers
   */
  static double kl(
      FloatBuffer mean, FloatBuffer logvar, double factor, FloatBuffer dMean, FloatBuffer dLogvar) {
    int size = mean.limit();
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double m = mean.get(i);
      double l = logvar.get(i);
      double excess = Math.expm1(l);
      sum += 0.5 * (m * m + excess - l);
      add(dMean, i, factor * m / size);
      add(dLogvar, i, factor * 0.5 * excess / size);
    }
    return sum / size;
  }

  private static void add(FloatBuffer sum, int i, double value) {
    sum.put(i, (float) (sum.get(i) + value));
  }
}

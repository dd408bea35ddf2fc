package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;

/**
 * The KL divergence of a policy from a reference policy in one denoising step, and its gradient.
 * Both policies are Gaussians of {@link DenoisingStep}'s form with the same deviation.
 */
public final class StepKl {
  private StepKl() {}

  /**
   * The KL divergence of two policies in a step: {@code KL(p || p_ref) = |mean - mean_ref|^2 / (2
   * sigma^2)}, exact for Gaussians of the same deviation. Where nothing is clipped that is {@link
   * StepCoefficients#klFactor} times the squared difference of the outputs.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements: the sum is KL itself
   * @param output the model's output, [N, ...]
   * @param reference the reference model's output, the same size
   * @param sample x_t, the same size
   * @param kl receives one number per image, [N]
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void kl(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer reference,
      FloatBuffer sample,
      double[] kl) {
    kl(c, reduction, output, byOutput(c, reference), "reference", reference, sample, kl);
  }

  /**
   * The same for a reference whose mean is known, and not its output.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements
   * @param output the model's output, [N, ...]
   * @param mean of the reference policy, the same size
   * @param sample x_t, the same size
   * @param kl receives one number per image, [N]
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void klToMean(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer mean,
      FloatBuffer sample,
      double[] kl) {
    kl(c, reduction, output, (i, x) -> Elementwise.get(mean, i), "mean", mean, sample, kl);
  }

  /**
   * Adds the gradient of {@code sum_n weights[n] * kl[n]} with respect to the model's output.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements, the same as for {@link #kl}
   * @param output the model's output, [N, ...]
   * @param reference the reference model's output, the same size
   * @param sample x_t, the same size
   * @param weights one number per image, [N]
   * @param gradient what the gradient is added to, the same size as output
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void addGradient(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer reference,
      FloatBuffer sample,
      double[] weights,
      FloatBuffer gradient) {
    Reference means = byOutput(c, reference);
    gradient(c, reduction, output, means, "reference", reference, sample, weights, gradient);
  }

  /**
   * The same for a reference whose mean is known, and not its output.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements, the same as for {@link #klToMean}
   * @param output the model's output, [N, ...]
   * @param mean of the reference policy, the same size
   * @param sample x_t, the same size
   * @param weights one number per image, [N]
   * @param gradient what the gradient is added to, the same size as output
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void addGradientToMean(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer mean,
      FloatBuffer sample,
      double[] weights,
      FloatBuffer gradient) {
    Reference means = (i, x) -> Elementwise.get(mean, i);
    gradient(c, reduction, output, means, "mean", mean, sample, weights, gradient);
  }

  /** The reference's mean of element i, for the sample x. */
  private interface Reference {
    double mean(int i, double x);
  }

  private static Reference byOutput(StepCoefficients c, FloatBuffer output) {
    return (i, x) -> c.mean(x, Elementwise.get(output, i));
  }

  private static void kl(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      Reference reference,
      String name,
      FloatBuffer values,
      FloatBuffer sample,
      double[] kl) {
    c.requireDensity();
    int images = kl.length;
    int size = Elementwise.imageSize(images, output, name, values, "sample", sample);
    double elements = reduction == Reduction.MEAN ? size : 1;
    for (int n = 0; n < images; n++) {
      double squares = 0;
      for (int i = n * size; i < (n + 1) * size; i++) {
        double x = Elementwise.get(sample, i);
        double difference = c.mean(x, Elementwise.get(output, i)) - reference.mean(i, x);
        squares += difference * difference;
      }
      kl[n] = squares / (2 * c.sigma() * c.sigma() * elements);
    }
  }

  private static void gradient(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      Reference reference,
      String name,
      FloatBuffer values,
      FloatBuffer sample,
      double[] weights,
      FloatBuffer gradient) {
    c.requireDensity();
    int images = weights.length;
    int size = Elementwise.imageSize(images, output, name, values, "sample", sample);
    Elementwise.requireSize("gradient", gradient, images * size);
    int at = gradient.position();
    double elements = reduction == Reduction.MEAN ? size : 1;
    for (int n = 0; n < images; n++) {
      double factor = weights[n] / (c.sigma() * c.sigma() * elements);
      for (int i = n * size; i < (n + 1) * size; i++) {
        double o = Elementwise.get(output, i);
        double x = Elementwise.get(sample, i);
        double difference = c.mean(x, o) - reference.mean(i, x);
        double sum = Elementwise.get(gradient, i) + factor * difference * c.meanByOutput(x, o);
        gradient.put(at + i, (float) sum);
      }
    }
  }
}

package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of a denoising step, and the contract of the kernel that may take its place on a
 * GPU.
 *
 * <p>A step of a sampler is a Gaussian policy {@code p(x' | x) = N(x'; mean, sigma^2 I)} whose mean
 * is an affine map of the sample and of the model's output, given by {@link StepCoefficients}. For
 * DDIM that is Song, Meng and Ermon, "Denoising Diffusion Implicit Models" (2021), equations 12 and
 * 16; the log-probability is the policy of Black et al., "Training Diffusion Models with
 * Reinforcement Learning" (2023), section 4.2:
 *
 * <pre>
 *   log p(x' | x) = sum over elements of  -(x' - mean)^2 / (2 sigma^2) - log sigma - log sqrt(2 pi)
 *   d log p / d o = (x' - mean) / sigma^2 * d mean / d o
 * </pre>
 *
 * <p>Every function here, of {@link Guidance} and of {@link StepKl}
 *
 * <ul>
 *   <li>works on N images of any size, N being the length of the per-image argument; a buffer's
 *       content is from its position to its limit, which are left as they are;
 *   <li>makes one pass, reads each input once, writes each output once, and allocates a few
 *       kilobytes; an output may share its memory with an input of the same size, element on
 *       element;
 *   <li>computes in single precision, as the kernel does, gradients in double precision; sums are
 *       in double precision except for the innermost eight terms, and in an order that depends on
 *       an image's size alone, so that the result depends neither on the batch nor on the threads:
 *       a large batch is divided among those of the common pool;
 *   <li>checks sizes before it writes anything.
 * </ul>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>output</td><td>o: epsilon, v or x_0 as the model predicts it, guidance included</td></tr>
 * <tr><td>sample</td><td>x_t</td></tr>
 * <tr><td>previous</td><td>x_{t-1}</td></tr>
 * <tr><td>sigma</td><td>sigma_t(eta)</td></tr>
 * </tbody>
 * </table>
 */
public final class DenoisingStep {
  private static final double LOG_SQRT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

  private DenoisingStep() {}

  /**
   * Take the step: {@code previous = mean + sigma * noise}.
   *
   * @param c the step
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param noise standard normal, the same size; null only where sigma is 0, and not read there
   * @param previous receives x_{t-1}, the same size
   */
  public static void sample(
      StepCoefficients c,
      FloatBuffer output,
      FloatBuffer sample,
      @Nullable FloatBuffer noise,
      FloatBuffer previous) {
    int length = Elementwise.imageSize(1, output, "sample", sample, "previous", previous);
    FloatBuffer z = requireNoise(c, noise, length);
    BlockMean mean = BlockMean.of(c);
    Segments.forEach(
        1,
        length,
        z == null ? new FloatBuffer[] {output, sample} : new FloatBuffer[] {output, sample, z},
        new FloatBuffer[] {previous},
        null,
        (image, in, out, n) -> {
          boolean random = in.length == 3;
          mean.draw(in[0], in[1], random ? in[2] : in[1], random ? c.sigma() : 0, out[0], n);
          return 0;
        });
  }

  /**
   * Take the step and compute its log-probability, as a policy-gradient rollout records it. The
   * log-probability is that of {@code previous} as it is stored: for the same model output, {@link
   * #logProbability} gives a bit-identical number.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param noise standard normal, the same size
   * @param previous receives x_{t-1}, the same size
   * @param logProbabilities receives one number per image, [N]
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void sample(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer sample,
      FloatBuffer noise,
      FloatBuffer previous,
      double[] logProbabilities) {
    c.requireDensity();
    int images = logProbabilities.length;
    int size = Elementwise.imageSize(images, output, "sample", sample, "previous", previous);
    Elementwise.requireSize("noise", noise, images * size);
    BlockMean mean = BlockMean.of(c);
    Segments.forEach(
        images,
        size,
        new FloatBuffer[] {output, sample, noise},
        new FloatBuffer[] {previous},
        logProbabilities,
        (image, in, out, n) -> mean.drawWithSquares(in[0], in[1], in[2], c.sigma(), out[0], n));
    finish(c, reduction, logProbabilities, size);
  }

  /**
   * The log-probability of a step that has been taken: that of the policy after an update, on the
   * recorded samples.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param previous x_{t-1} as it was drawn, the same size
   * @param logProbabilities receives one number per image, [N]
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void logProbability(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer sample,
      FloatBuffer previous,
      double[] logProbabilities) {
    c.requireDensity();
    int images = logProbabilities.length;
    int size = Elementwise.imageSize(images, output, "sample", sample, "previous", previous);
    BlockMean mean = BlockMean.of(c);
    Segments.forEach(
        images,
        size,
        new FloatBuffer[] {output, sample, previous},
        new FloatBuffer[0],
        logProbabilities,
        (image, in, out, n) -> mean.squares(in[0], in[1], in[2], n));
    finish(c, reduction, logProbabilities, size);
  }

  /**
   * The gradient of {@code sum_n weights[n] * logProbability[n]} with respect to the model's
   * output. With the derivative of a loss by the log-probability of each image as weights, this is
   * the gradient that goes into the model.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements, the same as for the log-probability
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param previous x_{t-1} as it was drawn, the same size
   * @param weights one number per image, [N]
   * @param gradient receives the gradient, the same size as output
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void logProbabilityGradient(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer sample,
      FloatBuffer previous,
      double[] weights,
      FloatBuffer gradient) {
    c.requireDensity();
    int images = weights.length;
    int size = Elementwise.imageSize(images, output, "sample", sample, "previous", previous);
    Elementwise.requireSize("gradient", gradient, images * size);
    double elements = reduction == Reduction.MEAN ? size : 1;
    double[] given = weights.clone();
    BlockMean mean = BlockMean.of(c);
    Segments.forEach(
        images,
        size,
        new FloatBuffer[] {output, sample, previous},
        new FloatBuffer[] {gradient},
        null,
        (image, in, out, n) -> {
          double factor = given[image] / (c.sigma() * c.sigma() * elements);
          mean.gradient(in[0], in[1], in[2], factor, out[0], n);
          return 0;
        });
  }

  /** The log-probabilities of images, in place of their sums of squares. */
  private static void finish(
      StepCoefficients c, Reduction reduction, double[] logProbabilities, int size) {
    for (int n = 0; n < logProbabilities.length; n++) {
      double sum =
          -logProbabilities[n] / (2 * c.sigma() * c.sigma())
              - size * (Math.log(c.sigma()) + LOG_SQRT_TWO_PI);
      logProbabilities[n] = reduction == Reduction.MEAN ? sum / size : sum;
    }
  }

  private static @Nullable FloatBuffer requireNoise(
      StepCoefficients c, @Nullable FloatBuffer noise, int length) {
    if (c.sigma() == 0) {
      return null;
    }
    if (noise == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the step adds noise of deviation %s, but no noise was given",
              c.sigma()));
    }
    Elementwise.requireSize("noise", noise, length);
    return noise;
  }
}

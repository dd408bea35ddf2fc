package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of denoising: the one place that touches samples, and the contract of the kernel
 * that may take its place on a GPU.
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
 * <p>Every function
 *
 * <ul>
 *   <li>works on N images of any size, N being the length of the per-image argument; a buffer's
 *       content is from its position to its limit, which are left as they are;
 *   <li>makes one pass, reads each input once, writes each output once, and allocates a few
 *       kilobytes; an output may share its memory with an input of the same size, element on
 *       element;
 *   <li>computes in single precision, as the kernel does, gradients in double precision; sums are
 *       in double precision but for the innermost eight, and in an order that depends on an image's
 *       size alone, so that the result depends neither on the batch nor on the threads: a large
 *       batch is shared out to those of the common pool;
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
    requireNoHistory(c);
    sample(c, output, sample, noise, null, previous);
  }

  /**
   * Take the step of a multistep solver, which reads the x0 of the step before and leaves its own.
   *
   * @param x0 read where the coefficients ask for it, then overwritten, the same size; null where
   *     the run has no use for it
   */
  static void sample(
      StepCoefficients c,
      FloatBuffer output,
      FloatBuffer sample,
      @Nullable FloatBuffer noise,
      @Nullable FloatBuffer x0,
      FloatBuffer previous) {
    int length = imageSize(1, output, "sample", sample, "previous", previous);
    FloatBuffer z = requireNoise(c, noise, length);
    if (x0 != null) {
      sampleWithHistory(c, output, sample, z, x0, previous, length);
      return;
    }
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

  private static void sampleWithHistory(
      StepCoefficients c,
      FloatBuffer output,
      FloatBuffer sample,
      @Nullable FloatBuffer noise,
      FloatBuffer x0,
      FloatBuffer previous,
      int length) {
    int at = previous.position();
    for (int i = 0; i < length; i++) {
      double o = get(output, i);
      double x = get(sample, i);
      double mean = c.mean(x, o);
      mean += c.meanFromPreviousX0() == 0 ? 0 : c.meanFromPreviousX0() * get(x0, i);
      x0.put(x0.position() + i, (float) c.x0(x, o));
      previous.put(at + i, (float) (noise == null ? mean : mean + c.sigma() * get(noise, i)));
    }
  }

  /**
   * Take the step and tell how probable it was: what a policy-gradient rollout records. The
   * log-probability is that of {@code previous} as it is stored, so that {@link #logProbability}
   * gives the same number for the same model output, to the last bit.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param noise standard normal, the same size
   * @param previous receives x_{t-1}, the same size
   * @param logProbabilities receives one number an image, [N]
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
    requireDensity(c);
    int images = logProbabilities.length;
    int size = imageSize(images, output, "sample", sample, "previous", previous);
    requireSize("noise", noise, images * size);
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
   * How probable a step was that has been taken: the same policy after an update, on the recorded
   * samples.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param previous x_{t-1} as it was drawn, the same size
   * @param logProbabilities receives one number an image, [N]
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void logProbability(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer sample,
      FloatBuffer previous,
      double[] logProbabilities) {
    requireDensity(c);
    int images = logProbabilities.length;
    int size = imageSize(images, output, "sample", sample, "previous", previous);
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
   * @param weights one number an image, [N]
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
    requireDensity(c);
    int images = weights.length;
    int size = imageSize(images, output, "sample", sample, "previous", previous);
    requireSize("gradient", gradient, images * size);
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

  /**
   * How far two policies are apart in a step: {@code KL(p || p_ref) = |mean - mean_ref|^2 / (2
   * sigma^2)}, exact for Gaussians of the same deviation. Where nothing is clipped that is {@link
   * StepCoefficients#klFactor} times the squared difference of the outputs.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements: the sum is the divergence itself
   * @param output the model's output, [N, ...]
   * @param reference the reference model's output, the same size
   * @param sample x_t, the same size
   * @param divergences receives one number an image, [N]
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void divergence(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer reference,
      FloatBuffer sample,
      double[] divergences) {
    requireDensity(c);
    int images = divergences.length;
    int size = imageSize(images, output, "reference", reference, "sample", sample);
    double elements = reduction == Reduction.MEAN ? size : 1;
    for (int n = 0; n < images; n++) {
      double squares = 0;
      for (int i = n * size; i < (n + 1) * size; i++) {
        double x = get(sample, i);
        double difference = c.mean(x, get(output, i)) - c.mean(x, get(reference, i));
        squares += difference * difference;
      }
      divergences[n] = squares / (2 * c.sigma() * c.sigma() * elements);
    }
  }

  /**
   * Adds the gradient of {@code sum_n weights[n] * divergence[n]} with respect to the model's
   * output.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements, the same as for the divergence
   * @param output the model's output, [N, ...]
   * @param reference the reference model's output, the same size
   * @param sample x_t, the same size
   * @param weights one number an image, [N]
   * @param gradient what the gradient is added to, the same size as output
   * @throws IllegalArgumentException if sigma is 0, where no density exists
   */
  public static void addDivergenceGradient(
      StepCoefficients c,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer reference,
      FloatBuffer sample,
      double[] weights,
      FloatBuffer gradient) {
    requireDensity(c);
    int images = weights.length;
    int size = imageSize(images, output, "reference", reference, "sample", sample);
    requireSize("gradient", gradient, images * size);
    int at = gradient.position();
    double elements = reduction == Reduction.MEAN ? size : 1;
    for (int n = 0; n < images; n++) {
      double factor = weights[n] / (c.sigma() * c.sigma() * elements);
      for (int i = n * size; i < (n + 1) * size; i++) {
        double o = get(output, i);
        double x = get(sample, i);
        double difference = c.mean(x, o) - c.mean(x, get(reference, i));
        double sum = get(gradient, i) + factor * difference * c.meanByOutput(x, o);
        gradient.put(at + i, (float) sum);
      }
    }
  }

  /**
   * Classifier-free guidance (Ho and Salimans, 2022): {@code out = u + scale * (c - u)}.
   *
   * @param scale 1 for no guidance; Stable Diffusion's usual values are 5 to 7.5
   * @param unconditional u, the model's output for the empty or negative prompt
   * @param conditional c, the model's output for the prompt, the same size
   * @param out receives the guided output, the same size
   */
  public static void guide(
      double scale, FloatBuffer unconditional, FloatBuffer conditional, FloatBuffer out) {
    requireFinite(scale);
    int length = imageSize(1, unconditional, "conditional", conditional, "out", out);
    combine(1 - scale, unconditional, scale, conditional, out, 0, length);
  }

  /**
   * The gradient of {@link #guide}, split to its two inputs.
   *
   * @param scale as in the forward direction
   * @param gradient of a loss by the guided output
   * @param unconditional receives the gradient by u, {@code (1 - scale) * gradient}
   * @param conditional receives the gradient by c, {@code scale * gradient}
   */
  public static void guideGradient(
      double scale, FloatBuffer gradient, FloatBuffer unconditional, FloatBuffer conditional) {
    requireFinite(scale);
    int length = imageSize(1, gradient, "unconditional", unconditional, "conditional", conditional);
    Segments.forEach(
        1,
        length,
        new FloatBuffer[] {gradient},
        new FloatBuffer[] {unconditional, conditional},
        null,
        (image, in, out, n) -> {
          scaled(in[0], (float) (1 - scale), out[0], n);
          scaled(in[0], (float) scale, out[1], n);
          return 0;
        });
  }

  /** {@code out = a x + b y} for the elements from {@code start} on. */
  static void combine(
      double a, FloatBuffer x, double b, FloatBuffer y, FloatBuffer out, int start, int length) {
    Segments.forEach(
        1,
        length,
        new FloatBuffer[] {part(x, start, length), part(y, start, length)},
        new FloatBuffer[] {part(out, start, length)},
        null,
        (image, in, to, n) -> {
          sum((float) a, in[0], (float) b, in[1], to[0], n);
          return 0;
        });
  }

  private static void sum(float a, float[] x, float b, float[] y, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a * x[i] + b * y[i];
    }
  }

  private static void scaled(float[] x, float factor, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = factor * x[i];
    }
  }

  /**
   * Checks that three buffers hold the same number of elements, and that it is that of whole
   * images.
   *
   * @return how many elements an image has
   */
  static int imageSize(
      int images, FloatBuffer first, String second, FloatBuffer b, String third, FloatBuffer c) {
    int length = first.remaining();
    requireSize(second, b, length);
    requireSize(third, c, length);
    if (images == 0 ? length != 0 : length == 0 || length % images != 0) {
      throw new IllegalArgumentException(
          "%d elements are not a whole number for each of %d images".formatted(length, images));
    }
    return images == 0 ? 0 : length / images;
  }

  private static void requireSize(String name, FloatBuffer buffer, int expected) {
    if (buffer.remaining() != expected) {
      throw new IllegalArgumentException(
          "%s must hold %d elements like the others, but holds %d"
              .formatted(name, expected, buffer.remaining()));
    }
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
          "the step adds noise of deviation %s, but no noise was given".formatted(c.sigma()));
    }
    requireSize("noise", noise, length);
    return noise;
  }

  private static void requireDensity(StepCoefficients c) {
    requireNoHistory(c);
    if (c.sigma() == 0) {
      throw new IllegalArgumentException(
          "the log-probability of a deterministic step (sigma = 0) is not defined: sample with eta above 0 and DdimScheduler.FinalStep.DDPO");
    }
  }

  private static void requireNoHistory(StepCoefficients c) {
    if (c.meanFromPreviousX0() != 0) {
      throw new IllegalArgumentException(
          "the step of a multistep solver depends on the step before: take it with SamplingRun.step");
    }
  }

  private static void requireFinite(double scale) {
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("guidance scale must be finite, but was " + scale);
    }
  }

  private static FloatBuffer part(FloatBuffer buffer, int start, int length) {
    return buffer.slice(buffer.position() + start, length);
  }

  private static double get(FloatBuffer buffer, int i) {
    return buffer.get(buffer.position() + i);
  }
}

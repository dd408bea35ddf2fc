package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Where a denoising step is computed: guidance, the affine map, noise and log-probability as one
 * call on the host's buffers. {@link CpuStepKernel} is the reference; {@code StepExecution} in the
 * package {@code cuda} offers a GPU's.
 *
 * <p>For every method: the steps are those of one-step samplers ({@code meanFromPreviousX0} 0), N
 * is the number of seeds, of log-probabilities or of weights, and all buffers hold N images of one
 * size from their position to their limit, which are left as they are. {@code previous} may be
 * {@code sample}. Sizes are checked before anything is written. Not thread-safe.
 */
public interface StepKernel extends AutoCloseable {

  /**
   * Takes a step: {@code previous = mean + sigma * noise}, and computes its log-probability.
   *
   * @param c the step
   * @param reduction over an image's elements
   * @param output the model's output
   * @param sample x_t
   * @param noise where sigma is above 0, drawn from; elsewhere it only says how many images
   * @param previous receives x_{t-1}
   * @param logProbabilities receives one number per image, [N]; of length 0 where none is wanted
   * @throws IllegalArgumentException if log-probabilities are wanted of a deterministic step, or
   *     sizes do not match
   */
  void sample(
      StepCoefficients c,
      Reduction reduction,
      ModelOutput output,
      FloatBuffer sample,
      StepNoise noise,
      FloatBuffer previous,
      double[] logProbabilities);

  /**
   * The log-probability of a step that has been taken: {@link DenoisingStep#logProbability}.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements
   * @param output the model's output
   * @param sample x_t
   * @param previous x_{t-1} as it was drawn
   * @param logProbabilities receives one number per image, [N]
   */
  void logProbability(
      StepCoefficients c,
      Reduction reduction,
      ModelOutput output,
      FloatBuffer sample,
      FloatBuffer previous,
      double[] logProbabilities);

  /**
   * The gradient of {@code sum_n weights[n] * logProbability[n]} with respect to the model's
   * output: {@link DenoisingStep#logProbabilityGradient} and {@link Guidance#gradient}.
   *
   * @param c the step; its sigma must be above 0
   * @param reduction over an image's elements, the same as for the log-probability
   * @param output the model's output
   * @param sample x_t
   * @param previous x_{t-1} as it was drawn
   * @param weights one number per image, [N]
   * @param gradient receives the gradient by the conditional, or only, output
   * @param unconditionalGradient receives the gradient by the unconditional output; null if and
   *     only if there is none
   */
  void logProbabilityGradient(
      StepCoefficients c,
      Reduction reduction,
      ModelOutput output,
      FloatBuffer sample,
      FloatBuffer previous,
      double[] weights,
      FloatBuffer gradient,
      @Nullable FloatBuffer unconditionalGradient);

  /** Frees what the kernel holds. */
  @Override
  void close();
}

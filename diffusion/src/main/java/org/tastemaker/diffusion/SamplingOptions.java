package org.tastemaker.diffusion;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import org.tastemaker.diffusion.schedule.Reduction;

/**
 * How a {@link LatentDiffusion} samples.
 *
 * @param steps denoising steps, at least 1 and at most the schedule's training steps
 * @param guidanceScale g of classifier-free guidance, at least 1; 1 is none and costs half
 * @param guidanceRescale phi of Lin et al., "Common Diffusion Noise Schedules and Sample Steps are
 *     Flawed" (2023), in [0, 1]: how far the guided output is scaled to the deviation of the output
 *     for the prompt; 0 is not at all, 0.7 is the paper's value. Policies are not trained with it
 * @param eta of DDIM, in [0, 1]: 0 is deterministic; other samplers do not read it
 * @param batchSize images that are denoised together, at least 1
 * @param height of the images in pixels, at least 0; 0 for what the model was made for
 * @param width of the images in pixels, at least 0; 0 for what the model was made for
 * @param clipSkip last layers of the text encoder to leave out, at least 0
 * @param reduction how a rollout's log-probabilities are reduced over an image's elements
 */
@RecordBuilder
public record SamplingOptions(
    int steps,
    double guidanceScale,
    double guidanceRescale,
    double eta,
    int batchSize,
    int height,
    int width,
    int clipSkip,
    Reduction reduction)
    implements SamplingOptionsBuilder.With {
  public SamplingOptions {
    require(steps >= 1, "steps must be at least 1, but was " + steps);
    require(
        guidanceScale >= 1 && Double.isFinite(guidanceScale),
        "guidanceScale must be finite and at least 1 (no guidance), but was " + guidanceScale);
    require(
        guidanceRescale >= 0 && guidanceRescale <= 1,
        "guidanceRescale must be in [0, 1], but was " + guidanceRescale);
    require(eta >= 0 && eta <= 1, "eta must be in [0, 1], but was " + eta);
    require(batchSize >= 1, "batchSize must be at least 1, but was " + batchSize);
    require(height >= 0, "height must be at least 0, but was " + height);
    require(width >= 0, "width must be at least 0, but was " + width);
    require(clipSkip >= 0, "clipSkip must be at least 0, but was " + clipSkip);
    Objects.requireNonNull(reduction, "reduction == null");
  }

  /**
   * For images: 50 steps, guidance 7.5, no noise between steps, batches of 4.
   *
   * @return the usual settings of Stable Diffusion
   */
  public static SamplingOptions defaults() {
    return new SamplingOptions(50, 7.5, 0, 0, 4, 0, 0, 0, Reduction.MEAN);
  }

  /**
   * For policy gradients: 50 steps, guidance 5, eta 1, batches of 8 (Black et al., "Training
   * Diffusion Models with Reinforcement Learning", appendix).
   *
   * @return the settings of DDPO
   */
  public static SamplingOptions ddpo() {
    return new SamplingOptions(50, 5, 0, 1, 8, 0, 0, 0, Reduction.MEAN);
  }

  /** Whether the U-Net runs twice for each image. */
  boolean guided() {
    return guidanceScale != 1;
  }

  /** Whether the guided output is scaled. */
  boolean rescaled() {
    return guided() && guidanceRescale != 0;
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}

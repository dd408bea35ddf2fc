package org.tastemaker.reward.learned;

import java.nio.FloatBuffer;
import java.util.List;
import org.tastemaker.core.Prompt;

/**
 * Features that can be had of latents directly, without an image, and then have a gradient by them:
 * what a learned reward needs to have one ({@link LearnedReward#onLatents}).
 */
public interface DifferentiableFeatures extends Features {
  /**
   * The features of latents.
   *
   * @param prompts N prompts
   * @param latents of N images, scaled as the U-Net sees them, [N, C, h, w], from the buffer's
   *     position on; to be read by absolute index
   * @return [N][size], finite
   * @throws IllegalArgumentException if they are of another size
   */
  float[][] ofLatents(List<Prompt> prompts, FloatBuffer latents);

  /**
   * The gradient by the latents.
   *
   * @param byFeatures d L / d feature, [N][size]
   * @param byLatents receives d L / d latent, [N, C, h, w], from the buffer's position on
   */
  void backward(double[][] byFeatures, FloatBuffer byLatents);
}

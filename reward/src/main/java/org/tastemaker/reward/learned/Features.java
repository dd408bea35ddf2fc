package org.tastemaker.reward.learned;

import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;

/** Numbers that describe an image together with a prompt: what a learned reward sees of them. */
public interface Features {
  /**
   * What the numbers are, down to the model that computes them. A saved reward is loaded with
   * features of the same name only.
   *
   * @return such as {@code "latent(stable-diffusion-v1-5, grid 8)"}
   */
  String name();

  /**
   * How many numbers there are.
   *
   * @return at least 1
   */
  int size();

  /**
   * Computes them.
   *
   * @param prompts N prompts
   * @param images N images: {@code images.get(i)} is looked at as an image of {@code
   *     prompts.get(i)}, whatever it was made for
   * @return [N][size], finite; row {@code i} is a function of pair {@code i} alone, not of the
   *     others, up to float rounding
   */
  float[][] of(List<Prompt> prompts, List<Image> images);
}

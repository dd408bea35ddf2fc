package org.tastemaker.reward.learned;

import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;

/** Numbers that describe an image together with a prompt: the input of a learned reward. */
public interface Features {
  /**
   * Identifies the features, including the model that computes them. A saved reward can only be
   * loaded with features of the same name.
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
   * @param images N images: {@code images.get(i)} is treated as an image of {@code prompts.get(i)},
   *     whatever prompt it was made for
   * @return [N][size], finite; row {@code i} depends on pair {@code i} alone, up to float rounding
   */
  float[][] of(List<Prompt> prompts, List<Image> images);
}

package org.tastemaker.core;

import java.util.List;

/**
 * An image generator that also shows its trajectory: the latents of every denoising step and their
 * log-probabilities, which policy gradients need.
 */
public interface DiffusionSampler extends ImageGenerator {
  /**
   * Samples one image for each prompt and keeps how it came about.
   *
   * @param prompts what to show; several images of one prompt are asked for by repeating it
   * @param seeds as many as prompts; image {@code i} is a function of its prompt, its seed and the
   *     model
   * @return the rollout, which owns native arrays: the caller closes it
   */
  Rollout rollout(List<Prompt> prompts, List<Seed> seeds);

  /**
   * Samples one image for each prompt, with the first children of a seed.
   *
   * @param prompts what to show
   * @param seed image {@code i} is made from {@code seed.split(i)}
   * @return the rollout: the caller closes it
   */
  default Rollout rollout(List<Prompt> prompts, Seed seed) {
    return rollout(prompts, seed.splits(prompts.size()));
  }

  @Override
  default List<Image> generate(List<Prompt> prompts, List<Seed> seeds) {
    try (Rollout rollout = rollout(prompts, seeds)) {
      return rollout.images();
    }
  }
}

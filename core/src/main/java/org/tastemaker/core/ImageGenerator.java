package org.tastemaker.core;

import java.util.List;

/**
 * A black box from text to image: a local model, an image API, a folder of finished images.
 *
 * <p>What needs only images takes this port; what needs to know how an image came about takes
 * {@link DiffusionSampler}.
 */
@FunctionalInterface
public interface ImageGenerator {
  /**
   * Makes one image for each prompt.
   *
   * <p>Image {@code i} is a function of {@code prompts.get(i)}, {@code seeds.get(i)} and the
   * generator, and of nothing else: not of the batch that it is made in. A generator that cannot
   * promise this (a remote one) says so in its documentation.
   *
   * @param prompts what to show; several images of one prompt are asked for by repeating it
   * @param seeds as many as prompts
   * @return as many images, in order
   */
  List<Image> generate(List<Prompt> prompts, List<Seed> seeds);

  /**
   * Makes one image for each prompt, with the first children of a seed.
   *
   * @param prompts what to show
   * @param seed image {@code i} is made from {@code seed.split(i)}
   * @return as many images, in order
   */
  default List<Image> generate(List<Prompt> prompts, Seed seed) {
    return generate(prompts, seed.splits(prompts.size()));
  }
}

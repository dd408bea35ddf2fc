package org.tastemaker.optim.likelihood;

import com.google.common.collect.Lists;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.Trajectory;

/** Images of the kind that the model was pre-trained on, so that it keeps its quality on them. */
@FunctionalInterface
public interface PretrainingData {
  /**
   * One image.
   *
   * @param latents as the U-Net sees them (encoded and scaled), [C, h, w]
   * @param text its caption
   */
  record Captioned(FloatBuffer latents, String text) {}

  /**
   * Some images.
   *
   * @param number which batch, at least 0; the same number gives the same images
   * @param size how many
   * @return as many
   */
  List<Captioned> batch(long number, int size);

  /**
   * Images drawn with replacement from a list.
   *
   * @param images at least one; only read
   * @param seed of the draws
   * @return the data
   */
  static PretrainingData of(List<Captioned> images, Seed seed) {
    List<Captioned> copy = List.copyOf(images);
    if (copy.isEmpty()) {
      throw new IllegalArgumentException("pre-training data must have at least one image");
    }
    return (number, size) -> {
      RandomGenerator random = seed.split(number).generator();
      return IntStream.range(0, size).mapToObj(i -> copy.get(random.nextInt(copy.size()))).toList();
    };
  }

  /**
   * What a model draws itself for some prompts, so that it goes on drawing it. All images are made
   * now.
   *
   * @param sampler of the model, before it is trained; {@code model::endpoints} for any sampler
   * @param prompts one for each image, at least one; negative texts are not kept
   * @param seed of the images and the draws
   * @return the data
   */
  static PretrainingData drawnBy(DiffusionSampler sampler, List<Prompt> prompts, Seed seed) {
    List<Captioned> images = new ArrayList<>();
    for (List<Prompt> some : Lists.partition(prompts, 32)) {
      try (Rollout rollout = sampler.rollout(some, seed.split("images").split(images.size()))) {
        for (int n = 0; n < some.size(); n++) {
          FloatBuffer latents = Trajectory.last(rollout, n); // [C, h, w], the rollout's
          FloatBuffer copy = FloatBuffer.allocate(latents.capacity()).put(latents).flip();
          images.add(new Captioned(copy, some.get(n).text()));
        }
      }
    }
    return of(images, seed.split("draws"));
  }
}

package org.tastemaker.optim.likelihood;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;

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
}

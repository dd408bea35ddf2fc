package org.tastemaker.optim.likelihood;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.Shuffle;
import org.tastemaker.optim.policy.Trajectory;

/**
 * A clean latent that is noised and denoised again.
 *
 * @param image its place in the rollout, for messages; -1 for one that is not of the rollout
 * @param clean x_0, [C, h, w]
 * @param text z
 * @param weight w of its squared error
 */
record Example(int image, FloatBuffer clean, String text, double weight) {
  /** An image of a rollout, which must be open as long as the example is used. */
  static Example of(Rollout rollout, int image, double weight) {
    String text = rollout.prompts().get(image).text();
    return new Example(image, Trajectory.last(rollout, image), text, weight);
  }

  /** Some examples at random, each once; all where there are fewer. */
  static List<Example> draw(List<Example> all, int count, Seed seed) {
    return Arrays.stream(Shuffle.order(all.size(), seed)).limit(count).mapToObj(all::get).toList();
  }
}

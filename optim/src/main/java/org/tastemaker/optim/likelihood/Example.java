package org.tastemaker.optim.likelihood;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.optim.policy.Shuffle;

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
    FloatBuffer trajectory = FloatBuffers.of(rollout.latents()); // [T+1, N, C, h, w]
    int size = trajectory.capacity() / (rollout.steps() + 1) / rollout.size();
    FloatBuffer last = trajectory.slice((rollout.steps() * rollout.size() + image) * size, size);
    return new Example(image, last, rollout.prompts().get(image).text(), weight);
  }

  /** Some examples at random, each once; all where there are fewer. */
  static List<Example> draw(List<Example> all, int count, Seed seed) {
    return Arrays.stream(Shuffle.order(all.size(), seed)).limit(count).mapToObj(all::get).toList();
  }
}

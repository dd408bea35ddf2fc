package org.tastemaker.optim.run;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/** Joins the batches of a round. */
final class Rollouts {
  private Rollouts() {}

  /**
   * One rollout of all images, in order.
   *
   * @param parts with the same steps and shape; they stay open, and the caller still owns them
   * @return a rollout with its own arrays; the caller closes it
   */
  static Rollout concat(List<Rollout> parts) {
    Rollout first = parts.get(0);
    List<Prompt> prompts = new ArrayList<>();
    List<Seed> seeds = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    for (Rollout part : parts) {
      if (!part.timesteps().equals(first.timesteps())) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "the sampler stepped through %s for one batch of a round and through %s for another",
                first.timesteps(),
                part.timesteps()));
      }
      prompts.addAll(part.prompts());
      seeds.addAll(part.seeds());
      images.addAll(part.images());
    }
    long[] shape = first.latents().shape().clone(); // [T+1, N, C, h, w]; not the array's own
    shape[1] = prompts.size();
    INDArray latents = Nd4j.createUninitialized(DataType.FLOAT, shape);
    INDArray logProbabilities =
        Nd4j.createUninitialized(DataType.FLOAT, first.steps(), prompts.size());
    copy(parts.stream().map(Rollout::latents).toList(), latents);
    copy(parts.stream().map(Rollout::logProbabilities).toList(), logProbabilities);
    return new Rollout(prompts, seeds, images, latents, logProbabilities, first.timesteps());
  }

  /** Concatenates along the second dimension. */
  private static void copy(List<INDArray> parts, INDArray whole) {
    FloatBuffer to = FloatBuffers.of(whole);
    for (int t = 0; t < whole.size(0); t++) {
      for (INDArray part : parts) {
        FloatBuffer from = FloatBuffers.of(part);
        int length = (int) (part.length() / part.size(0));
        to.put(from.slice(t * length, length));
      }
    }
  }
}

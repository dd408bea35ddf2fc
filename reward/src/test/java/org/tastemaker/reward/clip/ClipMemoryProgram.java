package org.tastemaker.reward.clip;

import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.List;
import org.tastemaker.core.DifferentiableReward.Batch;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.testing.MemoryGrowth;

/** Scores repeatedly with and without a gradient, and prints by how much memory has grown. */
final class ClipMemoryProgram {
  private static final int WARM_UP = 200;
  private static final int CALLS = 1000;
  private static final int IMAGES = 12;
  private static final int SIDE = 16;

  private ClipMemoryProgram() {}

  public static void main(String[] arguments) {
    try (ClipModel model = ToyClip.model(Seed.of(1))) {
      ClipReward reward =
          ClipReward.of(
              model,
              "toy",
              ToyClip.tokenizer(),
              Preprocessing.PIL,
              new PickScore(),
              ClipReward.Options.defaults().withBatch(5).withKeptTexts(4));
      float[] values = new float[IMAGES * 3 * SIDE * SIDE];
      FloatBuffer gradient = FloatBuffer.allocate(values.length);
      MemoryGrowth.print(
          WARM_UP,
          CALLS,
          i -> {
            // Of five texts, in turns, four are kept: each is forgotten before it is back.
            List<Prompt> prompts = Collections.nCopies(IMAGES, Prompt.of("cat " + i % 5));
            values[i] = 1; // another picture each time
            Batch batch = new Batch(prompts, FloatBuffer.wrap(values), 3, SIDE, SIDE);
            double[] with = reward.score(batch, gradient);
            double[] without = reward.score(batch, null);
            if (Math.abs(with[2] - without[2]) > 1e-3) {
              throw new IllegalStateException(with[2] + " is not " + without[2]);
            }
          });
    }
  }
}

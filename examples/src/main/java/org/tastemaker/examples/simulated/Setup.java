package org.tastemaker.examples.simulated;

import java.util.Collections;
import java.util.List;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.examples.align.EmojiTask;

/**
 * What is the same for all conditions.
 *
 * @param task the prompts and the true score, about 0 to 1
 * @param groups of finished images for each prompt
 * @param images in a group, and for each prompt in a round
 * @param rounds of a training
 * @param rate learning rate of a training
 * @param heldOut measured images for each prompt
 * @param steps of sampling
 * @param guidance scale of sampling
 */
record Setup(
    EmojiTask task,
    int groups,
    int images,
    int rounds,
    double rate,
    int heldOut,
    int steps,
    double guidance) {
  /** True scores this close, in tenths, are no decided pair. */
  static final double MARGIN = 0.3;

  private static final int BATCH = 32;

  Setup {
    if (groups < 1 || images < 2 || rounds < 1 || heldOut < 1) {
      throw new IllegalArgumentException(
          "there must be at least 1 group, 2 images (one cannot be ranked), 1 round and 1 held-out image, but there were "
              + List.of(groups, images, rounds, heldOut));
    }
  }

  /** The model as it is sampled here; the caller still closes the other. */
  LatentDiffusion sampled(LatentDiffusion model) {
    return model.with(
        SamplingOptions.ddpo()
            .withSteps(steps)
            .withGuidanceScale(guidance)
            .withBatchSize(Math.min(BATCH, images * task.prompts().size())));
  }

  /** The true score in tenths. */
  ToDoubleBiFunction<Image, Prompt> truth() {
    return (image, prompt) -> 10 * task.score().applyAsDouble(image, prompt);
  }

  /** Each prompt so often, those of one prompt together. */
  List<Prompt> prompts(int each) {
    return task.prompts().stream()
        .flatMap(prompt -> Collections.nCopies(each, prompt).stream())
        .toList();
  }

  /** For files: outcomes can be compared where these are equal. */
  Settings settings() {
    return Settings.none()
        .with("prompts", task.prompts().stream().map(Prompt::text).toList())
        .with("groups", groups)
        .with("images", images)
        .with("rounds", rounds)
        .with("rate", rate)
        .with("heldOut", heldOut)
        .with("steps", steps)
        .with("guidance", guidance);
  }
}

package org.tastemaker.diffusion;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.StepWindow;

/**
 * What a {@link LatentDiffusion#rollout} draws. Images that are generated do not follow it.
 *
 * <p>MixGRPO draws noise in a few steps only, and takes the others as an ODE: Li et al., "MixGRPO:
 * Unlocking Flow-based GRPO Efficiency with Mixed ODE-SDE" (2025). DanceGRPO begins all images of a
 * prompt with the same latents, so that they differ by the noise between the steps alone: Xue et
 * al., "DanceGRPO: Unleashing GRPO on Visual Generation" (2025). With both, the images of a prompt
 * are the same until the window begins, and branch there.
 *
 * @param stochastic the steps that draw noise; the others are taken as with eta 0, have no
 *     likelihood, and their log-probability is NaN in the rollout
 * @param sharedLatents draws the initial latents of a prompt, the same for all of its images; empty
 *     for those of each image's own seed
 */
@RecordBuilder
public record RolloutOptions(StepWindow stochastic, Optional<Seed> sharedLatents)
    implements RolloutOptionsBuilder.With {
  public RolloutOptions {
    Objects.requireNonNull(stochastic, "stochastic == null: use StepWindow.ALL");
    Objects.requireNonNull(sharedLatents, "sharedLatents == null: use Optional.empty() for none");
  }

  /**
   * Every step draws noise, and every image has latents of its own.
   *
   * @return the options of DDPO
   */
  public static RolloutOptions defaults() {
    return new RolloutOptions(StepWindow.ALL, Optional.empty());
  }

  /**
   * The seed whose stream 0 is an image's initial noise.
   *
   * @param prompt of the image
   * @param own seed of the image
   * @return the image's own, or that of its prompt
   */
  Seed initial(Prompt prompt, Seed own) {
    return sharedLatents
        .map(seed -> seed.split(prompt.text()).split(prompt.negativeText()))
        .orElse(own);
  }
}

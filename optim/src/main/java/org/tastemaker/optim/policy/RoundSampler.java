package org.tastemaker.optim.policy;

import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;

/**
 * Samples the rounds of a method that says how, such as with noise in a window that moves from
 * round to round, or by a policy that lags behind. Images that are generated, and those of
 * evaluations, are the trained model's.
 */
public final class RoundSampler implements DiffusionSampler {
  private final LatentDiffusion model;
  private final Supplier<DiffusionSampler> next;

  /**
   * A sampler of rounds.
   *
   * @param model that is trained; stays the caller's
   * @param next what makes the next round's rollouts
   */
  public RoundSampler(LatentDiffusion model, Supplier<DiffusionSampler> next) {
    this.model = Objects.requireNonNull(model, "model == null");
    this.next = Objects.requireNonNull(next, "next == null");
  }

  /**
   * What samples the same model for other uses than a round: evaluations, notices.
   *
   * @param sampler any
   * @return the model, if it is a sampler of rounds; the one that makes the images, if it rewords;
   *     otherwise the sampler itself
   */
  public static DiffusionSampler plain(DiffusionSampler sampler) {
    if (sampler instanceof RewordedSampler reworded) {
      return plain(reworded.sampler());
    }
    return sampler instanceof RoundSampler rounds ? rounds.model : sampler;
  }

  @Override
  public Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
    return next.get().rollout(prompts, seeds);
  }

  @Override
  public List<Image> generate(List<Prompt> prompts, List<Seed> seeds) {
    return model.generate(prompts, seeds);
  }
}

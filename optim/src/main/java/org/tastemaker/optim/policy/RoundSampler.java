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
import org.tastemaker.diffusion.RolloutOptions;

/**
 * Samples the rounds of a method that says what their rollouts draw, such as noise in a window that
 * moves from round to round. Images that are generated, and those of evaluations, are the model's.
 */
public final class RoundSampler implements DiffusionSampler {
  private final LatentDiffusion model;
  private final Supplier<RolloutOptions> next;

  /**
   * A sampler of rounds.
   *
   * @param model that is trained; stays the caller's
   * @param next what the next round's rollouts draw
   */
  public RoundSampler(LatentDiffusion model, Supplier<RolloutOptions> next) {
    this.model = Objects.requireNonNull(model, "model == null");
    this.next = Objects.requireNonNull(next, "next == null");
  }

  /**
   * What samples the same model for other uses than a round: evaluations, notices.
   *
   * @param sampler any
   * @return the model, if it is a sampler of rounds; otherwise the sampler itself
   */
  public static DiffusionSampler plain(DiffusionSampler sampler) {
    return sampler instanceof RoundSampler rounds ? rounds.model : sampler;
  }

  @Override
  public Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
    return model.with(next.get()).rollout(prompts, seeds);
  }

  @Override
  public List<Image> generate(List<Prompt> prompts, List<Seed> seeds) {
    return model.generate(prompts, seeds);
  }
}

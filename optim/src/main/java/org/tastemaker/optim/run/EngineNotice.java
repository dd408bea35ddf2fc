package org.tastemaker.optim.run;

import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.optim.policy.RoundSampler;

/** Tells a run's observers once what its model's engine has to say, such as that it is slow. */
final class EngineNotice {
  private EngineNotice() {}

  /**
   * Tells, unless an earlier session has told it.
   *
   * @param sampler that the run uses, or null for none
   * @param round how many rounds are done
   */
  static void tell(
      @Nullable DiffusionSampler sampler,
      long round,
      @Nullable RunFolder folder,
      RunListener observers) {
    if (sampler != null && RoundSampler.plain(sampler) instanceof LatentDiffusion model) {
      model
          .execution()
          .engine()
          .notice()
          .filter(
              words ->
                  folder == null
                      || folder.notices().stream().noneMatch(n -> n.message().equals(words)))
          .ifPresent(words -> observers.on(new RunEvent.Notice(round, words)));
    }
  }
}

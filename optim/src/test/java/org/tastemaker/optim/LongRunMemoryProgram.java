package org.tastemaker.optim;

import java.util.function.IntConsumer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.testing.MemoryGrowth;

/**
 * Samples so many times, then does so many steps of DDPO, each with its rollout. Prints by how much
 * resident memory grew with either.
 */
final class LongRunMemoryProgram {
  private LongRunMemoryProgram() {}

  /**
   * Runs.
   *
   * @param arguments how many calls and how many steps
   */
  public static void main(String[] arguments) {
    try (LatentDiffusion whole = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(whole, Seed.of(2))) {
      LatentDiffusion model = whole.with(whole.options().withSteps(2).withBatchSize(2));
      repeat(
          "sampling",
          Integer.parseInt(arguments[0]),
          i -> {
            var unused = model.generate(TinyModel.prompts(2), Seed.of(i));
          });
      try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
        Ddpo ddpo =
            new Ddpo(
                policy,
                Ddpo.Options.importanceSampling().withUpdatesPerEpoch(1).withMicroBatch(4),
                Seed.of(4));
        repeat("steps", Integer.parseInt(arguments[1]), i -> step(policy, ddpo, i));
      }
    }
  }

  private static void step(DiffusionPolicy policy, Ddpo ddpo, int i) {
    try (Rollout rollout = policy.sampler().rollout(TinyModel.prompts(2), Seed.of(6).split(i))) {
      var report = ddpo.step(rollout, Rewards.of(1 + Math.sin(i), 1 + Math.cos(i)));
      if (report.skippedReason() != null) {
        throw new IllegalStateException(report.skippedReason());
      }
    }
  }

  private static void repeat(String what, int calls, IntConsumer call) {
    MemoryGrowth growth = MemoryGrowth.over(calls / 4, calls - calls / 4);
    for (int i = 0; i < calls; i++) {
      call.accept(i);
      growth.called();
    }
    growth.print(what);
  }
}

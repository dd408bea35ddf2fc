package org.tastemaker.optim;

import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.dpok.Dpok;
import org.tastemaker.optim.dpok.ValueOptions;
import org.tastemaker.optim.likelihood.Rwr;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * Steps of every kind over and over, each with a rollout of its own, and prints by how many bytes
 * resident memory grew after a warm-up. A program of its own, because in the tests' process the
 * Java heap grows and shrinks by more than what is looked for.
 */
final class OptimizerMemoryProgram {
  private static final int WARM_UP = 100;
  private static final int STEPS = 300;

  private OptimizerMemoryProgram() {}

  public static void main(String[] arguments) {
    try (LatentDiffusion whole = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(whole, Seed.of(2))) {
      LatentDiffusion model = whole.with(whole.options().withSteps(2).withBatchSize(2));
      try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
          Dpok dpok =
              new Dpok(
                  policy,
                  Dpok.Options.multiplePrompts()
                      .withUpdates(1, 4, 4)
                      .withValue(Optional.of(new ValueOptions(16, 1e-4, 0.01, 1, 4))),
                  Seed.of(3))) {
        List<PolicyOptimizer> optimizers =
            List.of(
                new Ddpo(
                    policy,
                    Ddpo.Options.importanceSampling().withUpdates(1, 1).withMicroBatch(4),
                    Seed.of(4)),
                dpok,
                new Rwr(policy, Rwr.Options.exponential().withUpdates(1, 4, 4), Seed.of(5)));
        long before = 0;
        for (int i = 0; i < WARM_UP + STEPS; i++) {
          if (i == WARM_UP) {
            before = Pointer.physicalBytes();
          }
          try (Rollout rollout =
              policy.sampler().rollout(TinyModel.prompts(2), Seed.of(6).split(i))) {
            var report = optimizers.get(i % 3).step(rollout, Rewards.of(Math.sin(i), Math.cos(i)));
            if (report.skippedReason() != null) {
              throw new IllegalStateException(report.skippedReason());
            }
          }
        }
        System.out.println("grown " + (Pointer.physicalBytes() - before));
      }
    }
  }
}

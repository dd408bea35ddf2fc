package org.tastemaker.optim.direct;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.reward.image.PixelReward;

/**
 * Trains through two steps and then through sixteen, and prints how much more resident memory the
 * process has when a reward is asked, and how much the first training took: between the forward and
 * the backward pass, where all that the steps keep for it is there. A program of its own, as all
 * that measure memory.
 */
final class DirectMemoryProgram {
  private static final int STEPS = 16;
  private static final int IMAGES = 8;

  private DirectMemoryProgram() {}

  /** Measures whenever it is asked. */
  private static final class Measured implements DifferentiableReward {
    private final DifferentiableReward reward = PixelReward.redness();
    private long most;

    @Override
    public Input input() {
      return reward.input();
    }

    @Override
    public double[] score(Batch batch, @Nullable FloatBuffer gradient) {
      most = Math.max(most, Pointer.physicalBytes());
      return reward.score(batch, gradient);
    }
  }

  public static void main(String[] arguments) {
    try (LatentDiffusion whole = TinyModel.create(Seed.of(1), 16);
        Lora lora = TinyModel.lora(whole, Seed.of(2))) {
      LatentDiffusion model = whole.with(whole.options().withSteps(STEPS).withBatchSize(IMAGES));
      try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
          Rollout rollout = model.rollout(TinyModel.prompts(IMAGES), Seed.of(3))) {
        long before = Pointer.physicalBytes();
        long first = most(policy, rollout, STEPS, 1); // with all that is made once
        long few = most(policy, rollout, 2, 2);
        long many = most(policy, rollout, STEPS, 1);
        System.out.println("once " + (first - before));
        System.out.println("more " + (many - few));
      }
    }
  }

  private static long most(DiffusionPolicy policy, Rollout rollout, int lastSteps, int times) {
    Measured reward = new Measured();
    AlignProp optimizer =
        new AlignProp(
            policy,
            reward,
            AlignProp.Options.preference()
                .withTruncation(Truncation.after(lastSteps))
                .withUpdates(1)
                .withMicroBatch(IMAGES),
            Seed.of(4));
    for (int i = 0; i < times; i++) {
      var report = optimizer.step(rollout, Rewards.of(new double[IMAGES]));
      if (report.skippedReason() != null) {
        throw new IllegalStateException(report.skippedReason());
      }
    }
    return reward.most;
  }
}

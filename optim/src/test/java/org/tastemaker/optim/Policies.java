package org.tastemaker.optim;

import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** Policies that the tests of several optimizers start from. */
public final class Policies {
  private Policies() {}

  /** Leaves its weights and its gradient as they are: to be looked at. The caller closes it. */
  public static DiffusionPolicy still(LatentDiffusion model, Lora lora) {
    return DiffusionPolicy.lora(
        model,
        lora,
        DiffusionPolicy.Options.lora()
            .withLearningRate(0)
            .withMaxGradientNorm(Double.POSITIVE_INFINITY));
  }
}

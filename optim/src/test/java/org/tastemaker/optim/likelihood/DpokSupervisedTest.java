package org.tastemaker.optim.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.policy.DiffusionPolicy;

class DpokSupervisedTest {
  private static final Rewards REWARDS = Rewards.of(0.3, 0.2, 1, 0.5);

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final DiffusionPolicy still = Policies.still(model, lora);

  @AfterEach
  void close() {
    still.close();
    lora.close();
    model.close();
  }

  private Map<String, Double> step(DpokSupervised.Options options, Rollout rollout) {
    return new DpokSupervised(
            still, options.withUpdates(1).withBatch(4).withMicroBatch(3), Seed.of(4))
        .step(rollout, REWARDS)
        .metrics();
  }

  @ParameterizedTest
  @EnumSource(DpokSupervised.Variant.class)
  void theGradientIsThatOfTheLoss(DpokSupervised.Variant variant) {
    GradientCheck.perturb(still, Seed.of(5), 0.3);
    DpokSupervised.Options options = DpokSupervised.Options.of(variant).withGamma(0.7);
    try (Rollout rollout = still.reference().rollout(TinyModel.prompts(4), Seed.of(3))) {
      Map<String, Double> unused = step(options, rollout);
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () -> step(options, rollout).getOrDefault("loss", 0.0),
          0.02,
          5e-3);
    }
  }

  @Test
  void gammaWeighsTheErrorOfTheDataOrTheDifferenceOfTheOutputs() {
    GradientCheck.perturb(still, Seed.of(5), 0.3);
    DpokSupervised.Options d = DpokSupervised.Options.of(DpokSupervised.Variant.KL_D);
    DpokSupervised.Options o = DpokSupervised.Options.of(DpokSupervised.Variant.KL_O);
    try (Rollout rollout = still.reference().rollout(TinyModel.prompts(4), Seed.of(3))) {
      double plain = step(d.withGamma(0), rollout).getOrDefault("loss", 0.0);
      Map<String, Double> data = step(d.withGamma(2), rollout);
      Map<String, Double> outputs = step(o.withGamma(2), rollout);
      // The same draws: sums of the same floats in double precision.
      assertThat(data.get("loss"))
          .isCloseTo(plain + 2 * data.getOrDefault("denoisingError", 0.0), within(1e-9));
      assertThat(outputs.get("loss"))
          .isCloseTo(plain + 2 * outputs.getOrDefault("differenceToReference", 0.0), within(1e-9));
    }
  }
}

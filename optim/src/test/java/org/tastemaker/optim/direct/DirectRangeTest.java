package org.tastemaker.optim.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.DenoisingRange;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.reward.image.PixelReward;

/** An adapter that is active in the steps 1 and 2 of 5. */
class DirectRangeTest {
  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final LatentDiffusion view =
      model.with(model.options().withSteps(5)).with(new DenoisingRange(0.3, 0.7));
  private final DiffusionPolicy policy = Policies.still(view, lora);

  @AfterEach
  void close() {
    policy.close();
    lora.close();
    model.close();
  }

  private void assertGradient(Supplier<PolicyOptimizer> optimizer) {
    GradientCheck.perturb(policy, Seed.of(5), 0.3);
    try (Rollout rollout = policy.sampler().rollout(TinyModel.prompts(2), Seed.of(3))) {
      StepReport unused = optimizer.get().step(rollout, Rewards.of(0, 0));
      GradientCheck.assertGradient(
          policy,
          GradientCheck.gradientOf(policy),
          () -> optimizer.get().step(rollout, Rewards.of(0, 0)).metrics().getOrDefault("loss", 0.0),
          0.02,
          5e-3);
    }
  }

  /** With 5, the first step is left out: there is nothing to train. */
  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5})
  void theGradientGoesThroughStepsWithoutTheAdapterToThoseWithIt(int lastSteps) {
    assertGradient(
        () ->
            new Draft(
                policy,
                PixelReward.redness(),
                Draft.Options.lastSteps(lastSteps).withUpdates(1),
                Seed.of(4)));
  }

  @Test
  void alignPropGoesBackAtLeastToTheLastStepWithTheAdapter() {
    assertGradient(
        () ->
            new AlignProp(
                policy,
                PixelReward.redness(),
                AlignProp.Options.preference().withTruncation(Truncation.after(1)).withUpdates(1),
                Seed.of(4)));
  }

  @Test
  void reflStopsAtAStepWithTheAdapter() {
    assertGradient(
        () ->
            new Refl(
                policy,
                PixelReward.redness(),
                Refl.Options.defaults().withEarliest(0.4).withUpdates(1),
                Seed.of(4)));
  }

  @Test
  void stepsThatDoNotReachTheAdapterAreRefused() {
    assertThat(policy.activeSteps().end()).isEqualTo(3);
    assertThatThrownBy(
            () -> new Draft(policy, PixelReward.redness(), Draft.Options.lastSteps(2), Seed.of(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the adapter is active in steps 1 to 2 of 5, so a gradient through the last 2 does not"
                + " reach it: take more");
    assertThatThrownBy(
            () -> new Refl(policy, PixelReward.redness(), Refl.Options.defaults(), Seed.of(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the adapter is active in steps 1 to 2 of 5, and not in the last ones, at which"
                + " sampling should stop: begin with an earlier share of the steps than 0.75");
  }
}

package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.TinyXl;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.direct.Draft;
import org.tastemaker.reward.image.PixelReward;

/** Policy gradients of a Stable Diffusion XL, whose U-Net reads more than the text's tokens. */
class XlPolicyTest {
  private static final int[] IMAGES = {0, 1};

  /** Without a negative prompt, for which the U-Net is given zeros, and with one. */
  private static final List<Prompt> PROMPTS =
      List.of(
          TinyModel.prompts(1).get(0), TinyModel.prompts(2).get(1).withNegativeText("a red cat"));

  private final LatentDiffusion model = TinyXl.base(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final DiffusionPolicy policy = Policies.still(model, lora);

  @AfterEach
  void close() {
    policy.close();
    lora.close();
    model.close();
  }

  private static double[] logProbabilities(Transitions transitions, int step) {
    transitions.forward(IMAGES, new int[] {step, step});
    return transitions.logProbabilities();
  }

  @Test
  void aPolicyThatHasNotChangedHasTheRolloutsLogProbabilities() {
    try (Rollout rollout = model.rollout(PROMPTS, Seed.of(3))) {
      Transitions transitions = policy.transitions(rollout, 2);
      for (int step = 0; step < rollout.steps(); step++) {
        // The same graph in another batch: float rounding.
        assertThat(logProbabilities(transitions, step))
            .containsExactly(transitions.recordedLogProbabilities(), within(1e-5));
      }
    }
  }

  @Test
  void theGradientIsThatOfTheLoss() {
    Ddpo ddpo =
        new Ddpo(
            policy,
            Ddpo.Options.importanceSampling()
                .withPromptStatistics(Optional.empty())
                .withClipRange(10)
                .withUpdatesPerEpoch(1)
                .withMicroBatch(3),
            Seed.of(4));
    try (Rollout rollout = model.rollout(PROMPTS, Seed.of(3))) {
      GradientCheck.perturb(policy, Seed.of(5), 0.2);
      ddpo.step(rollout, Rewards.of(1, 0));
      GradientCheck.assertGradient(
          policy,
          GradientCheck.gradientOf(policy),
          () -> loss(rollout, new double[] {1, -1}),
          0.001, // with 0.01 the curvature alone makes a tenth
          5e-3);
    }
  }

  @Test
  void theGradientOfARewardGoesThroughItsSteps() {
    Supplier<Draft> draft =
        () ->
            new Draft(
                policy,
                PixelReward.redness(),
                Draft.Options.lastSteps(2).withUpdates(1).withMicroBatch(2),
                Seed.of(4));
    try (Rollout rollout = model.rollout(PROMPTS, Seed.of(3))) {
      GradientCheck.perturb(policy, Seed.of(5), 0.2);
      draft.get().step(rollout, Rewards.of(0, 0));
      GradientCheck.assertGradient(
          policy,
          GradientCheck.gradientOf(policy),
          () -> draft.get().step(rollout, Rewards.of(0, 0)).metrics().getOrDefault("loss", 0.0),
          0.002,
          1e-2);
    }
  }

  private double loss(Rollout rollout, double[] advantages) {
    Transitions transitions = policy.transitions(rollout, 2);
    return IntStream.range(0, rollout.steps())
        .mapToDouble(
            step -> {
              double[] now = logProbabilities(transitions, step);
              double[] old = transitions.recordedLogProbabilities();
              return IntStream.range(0, 2)
                  .mapToDouble(i -> -advantages[i] * Math.exp(now[i] - old[i]) / 6)
                  .sum();
            })
        .sum();
  }
}

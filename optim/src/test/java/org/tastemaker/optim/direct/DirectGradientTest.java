package org.tastemaker.optim.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.RolloutOptions;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.reward.image.PixelReward;

/** The whole chain, from the parameters to the loss, against differences of the loss. */
class DirectGradientTest {
  private static final Rewards ANY = Rewards.of(0, 0, 0);

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final DiffusionPolicy still = Policies.still(model, lora);

  @AfterEach
  void close() {
    still.close();
    lora.close();
    model.close();
  }

  /** Of latents: a sum that is not linear, and is not the same for all elements. */
  private static final class Waves implements DifferentiableReward {
    @Override
    public Input input() {
      return Input.LATENTS;
    }

    @Override
    public double[] score(Batch batch, @Nullable FloatBuffer gradient) {
      double[] scores = new double[batch.prompts().size()];
      for (int i = 0; i < scores.length * batch.size(); i++) {
        double x = batch.values().get(batch.values().position() + i);
        double phase = 0.1 * (i % batch.size());
        scores[i / batch.size()] += Math.sin(x + phase) / batch.size();
        if (gradient != null) {
          gradient.put(i, (float) (Math.cos(x + phase) / batch.size()));
        }
      }
      return scores;
    }
  }

  private Draft draft(DifferentiableReward reward, Draft.Options options) {
    return new Draft(
        still, reward, options.withUpdates(1).withMicroBatch(2).withDecodedTogether(2), Seed.of(4));
  }

  private void assertGradient(Supplier<PolicyOptimizer> optimizer) {
    assertGradient(model, optimizer, 0.02, 5e-3);
  }

  private void assertGradient(
      LatentDiffusion sampler,
      Supplier<PolicyOptimizer> optimizer,
      double difference,
      double bound) {
    GradientCheck.perturb(still, Seed.of(5), 0.3);
    try (Rollout rollout = sampler.rollout(TinyModel.prompts(3), Seed.of(3))) {
      Map<String, Double> unused = optimizer.get().step(rollout, ANY).metrics();
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () -> optimizer.get().step(rollout, ANY).metrics().getOrDefault("loss", 0.0),
          difference,
          bound);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void theGradientOfDraftIsThatOfTheRewardOfTheImage(int lastSteps) {
    assertGradient(
        () -> draft(PixelReward.colour(0.9, 0.2, 0.4), Draft.Options.lastSteps(lastSteps)));
  }

  /**
   * The last step is at so small a noise that the image's gradient is 2e-5: the difference is
   * larger, for the rounding of the loss, and the loss's curvature shows in it.
   */
  @Test
  void theGradientOfDraftsLastStepIsThatOfTheRewardOfTheImage() {
    assertGradient(
        model,
        () -> draft(PixelReward.colour(0.9, 0.2, 0.4), Draft.Options.lastSteps(1)),
        0.05,
        2e-2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void theGradientOfDraftIsThatOfTheRewardOfTheLatents(int lastSteps) {
    assertGradient(() -> draft(new Waves(), Draft.Options.lastSteps(lastSteps)));
  }

  @Test
  void theGradientWithoutGuidanceToo() {
    LatentDiffusion plain = model.with(model.options().withGuidanceScale(1));
    try (DiffusionPolicy policy = Policies.still(plain, lora)) {
      GradientCheck.perturb(policy, Seed.of(5), 0.3);
      try (Rollout rollout = plain.rollout(TinyModel.prompts(3), Seed.of(3))) {
        Supplier<PolicyOptimizer> all =
            () ->
                new Draft(
                    policy, new Waves(), Draft.Options.lastSteps(3).withUpdates(1), Seed.of(4));
        Map<String, Double> unused = all.get().step(rollout, ANY).metrics();
        GradientCheck.assertGradient(
            policy,
            GradientCheck.gradientOf(policy),
            () -> all.get().step(rollout, ANY).metrics().getOrDefault("loss", 0.0),
            0.02,
            5e-3);
      }
    }
  }

  @Test
  void theGradientOfDraftWithSeveralNoisingsIsTheMeanOfTheirs() {
    assertGradient(() -> draft(new Waves(), Draft.Options.lowVariance().withNoisings(3)));
  }

  @Test
  void theGradientOfReflIsThatOfThePredictionsHinge() {
    assertGradient(
        () ->
            new Refl(
                still,
                PixelReward.brightness(),
                Refl.Options.defaults().withEarliest(0.4).withUpdates(1).withMicroBatch(2),
                Seed.of(4)));
  }

  @Test
  void theGradientOfAlignPropIsThatOfItsDistance() {
    assertGradient(
        () ->
            new AlignProp(
                still,
                PixelReward.redness(),
                AlignProp.Options.aesthetic()
                    .withTruncation(Truncation.uniform(2, 3))
                    .withUpdates(1)
                    .withMicroBatch(3),
                Seed.of(4)));
  }

  @Test
  void stepsThatDrewNoNoiseAreTakenWithoutNoise() {
    LatentDiffusion window =
        model.with(RolloutOptions.defaults().withStochastic(StepWindow.of(0, 1)));
    try (Rollout rollout = window.rollout(TinyModel.prompts(3), Seed.of(3))) {
      FloatBuffer all = FloatBuffers.of(rollout.latents()); // [4, 3, 4, 4, 4]
      FloatBuffer ends = still.chain(rollout, 1).forward(new int[] {2}, 3);
      for (int i = 0; i < 64; i++) {
        // float sums in other batches
        assertThat(ends.get(i)).isCloseTo(all.get((3 * 3 + 2) * 64 + i), within(1e-4f));
      }
    }
    // With less noise the loss is far more curved here: a smaller difference.
    assertGradient(window, () -> draft(new Waves(), Draft.Options.lastSteps(2)), 0.002, 5e-3);
  }

  /** Every engine gives the gradient of the latents, without which steps are not a chain. */
  @ParameterizedTest
  @ValueSource(strings = {"session", "onednn"})
  void everyEngineGivesTheSameGradient(String engine) {
    Map<String, float[]> expected = gradientOn("replay");
    Map<String, float[]> actual = gradientOn(engine);
    expected.forEach(
        (name, values) -> {
          float[] found = Objects.requireNonNull(actual.get(name));
          double largest = 0;
          for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
          }
          for (int i = 0; i < values.length; i++) {
            // float sums in other orders, through three steps
            assertThat((double) found[i])
                .as(name)
                .isCloseTo(values[i], within(1e-3 * largest + 1e-7));
          }
        });
  }

  private Map<String, float[]> gradientOn(String engine) {
    try (Lora fresh = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy = Policies.still(model.on(Engines.named(engine)), fresh)) {
      GradientCheck.perturb(policy, Seed.of(5), 0.3);
      try (Rollout rollout = model.rollout(TinyModel.prompts(3), Seed.of(3))) {
        StepReport unused =
            new Draft(
                    policy,
                    PixelReward.redness(),
                    Draft.Options.lastSteps(3).withUpdates(1),
                    Seed.of(4))
                .step(rollout, ANY);
        return GradientCheck.gradientOf(policy);
      }
    }
  }
}

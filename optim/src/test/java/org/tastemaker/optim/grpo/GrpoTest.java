package org.tastemaker.optim.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.RolloutOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.Deviation;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.KlForm;
import org.tastemaker.optim.policy.Transitions;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.Evaluation;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.optim.run.RunResult;

/** Two images each of two prompts, and three denoising steps, unless a test says otherwise. */
class GrpoTest {
  private static final double LOOSE = 10; // a clip range that clips nothing
  private static final double[] REWARDS = {1, 4, -2, 0.5};

  /** Of these rewards without a deviation: images 0 and 2 are of one prompt, 1 and 3 of another. */
  private static final double[] ADVANTAGES = {1.5, 1.75, -1.5, -1.75};

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final DiffusionPolicy still = Policies.still(model, lora);

  @AfterEach
  void close() {
    still.close();
    lora.close();
    model.close();
  }

  private static List<Prompt> prompts() {
    return List.of(
        Prompt.of("a red cat"),
        Prompt.of("a blue dog"),
        Prompt.of("a red cat"),
        Prompt.of("a blue dog"));
  }

  private Rollout rollout() {
    return model.rollout(prompts(), Seed.of(3));
  }

  /** One update on all steps but the last, that clips and divides nothing. */
  private static Grpo.Options plain() {
    return Grpo.Options.danceGrpo()
        .withSharedLatents(false)
        .withDeviation(Deviation.NONE)
        .withClipRange(LOOSE)
        .withMaskKl(LOOSE)
        .withUpdatesPerEpoch(1)
        .withMicroBatch(5);
  }

  // ---- The gradient

  @ParameterizedTest
  @EnumSource(Objective.class)
  void theGradientIsThatOfTheLoss(Objective objective) {
    Grpo.Options options = plain().withObjective(objective).withKlWeight(0.3);
    Grpo grpo = new Grpo(still, options, Seed.of(4));
    try (Rollout rollout = rollout()) {
      GradientCheck.perturb(still, Seed.of(5), 0.2); // away from the policy that sampled
      StepReport report = grpo.step(rollout, Rewards.of(REWARDS));
      Map<String, float[]> gradient = GradientCheck.gradientOf(still);
      GradientCheck.assertGradient(
          still, gradient, () -> meanLoss(rollout, options, new int[] {0, 1}), 0.01, 5e-3);
      // The same rows in other micro-batches: float rounding of the U-Net.
      assertThat(report.metrics().get("loss"))
          .isCloseTo(meanLoss(rollout, options, new int[] {0, 1}), within(1e-5));
      assertThat(report.metrics().get("klPenalty")).isPositive();
      assertThat(report.metrics().get("ratioMax")).isGreaterThan(1);
    }
  }

  /** The mean over all images and some steps of the loss as the papers have it. */
  private double meanLoss(Rollout rollout, Grpo.Options options, int[] steps) {
    Transitions transitions = still.transitions(rollout, 4);
    double loss = 0;
    for (int t : steps) {
      transitions.forward(new int[] {0, 1, 2, 3}, new int[] {t, t, t, t});
      double[] now = transitions.logProbabilities();
      double[] old = transitions.recordedLogProbabilities();
      double[] kl = options.klWeight() > 0 ? transitions.kl(KlForm.EXACT) : new double[now.length];
      boolean guarded = options.objective() == Objective.GUARDED;
      double[] drift = guarded ? transitions.klToSampling() : new double[now.length];
      double s = still.denoisingSteps().steps().get(t).rule().sigma();
      for (int i = 0; i < 4; i++) {
        double logRatio = now[i] - old[i];
        double ratio = Math.exp(guarded ? (logRatio + drift[i]) * s : logRatio);
        loss += (-ADVANTAGES[i] * ratio + options.klWeight() * kl[i]) / (4 * steps.length);
      }
    }
    return loss;
  }

  @Test
  void theKlToThePolicyThatSampledIsThatToTheModelThatSampled() {
    try (Rollout rollout = rollout()) { // of the pre-trained model
      GradientCheck.perturb(still, Seed.of(5), 0.2);
      Transitions transitions = still.transitions(rollout, 3);
      transitions.forward(new int[] {0, 3, 1}, new int[] {0, 1, 2});
      double[] drift = transitions.klToSampling();
      double[] reference = transitions.kl(KlForm.EXACT);
      for (int n = 0; n < 3; n++) {
        assertThat(drift[n]).isPositive().isCloseTo(reference[n], within(1e-4 * reference[n]));
      }
    }
  }

  @Test
  void aRolloutWithOtherSeedsThanItsOwnIsAnErrorWhereTheNoiseIsNeeded() {
    try (Rollout rollout = rollout();
        Rollout liar =
            new Rollout(
                rollout.prompts(),
                Seed.of(99).splits(4),
                rollout.images(),
                rollout.latents(),
                rollout.logProbabilities(),
                rollout.timesteps())) {
      Grpo guard = new Grpo(still, plain().withObjective(Objective.GUARDED), Seed.of(4));
      assertThatThrownBy(() -> guard.step(liar, Rewards.of(REWARDS)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("with the noise of the image's seed it would have")
          .hasMessageContaining("with the seeds that they were sampled with");
      assertThat(new Grpo(still, plain(), Seed.of(4)).step(liar, Rewards.of(REWARDS)).metrics())
          .containsEntry("updates", 1.0); // which needs no noise
    }
  }

  @Test
  void theLastStepIsTrainedOnlyIfItIsNotDropped() {
    Grpo.Options all = plain().withDropLastStep(false);
    GradientCheck.perturb(still, Seed.of(5), 0.2);
    try (Rollout rollout = rollout()) {
      StepReport with = new Grpo(still, all, Seed.of(4)).step(rollout, Rewards.of(REWARDS));
      assertThat(with.metrics().get("loss"))
          .isCloseTo(meanLoss(rollout, all, new int[] {0, 1, 2}), within(1e-5));
      StepReport without = new Grpo(still, plain(), Seed.of(4)).step(rollout, Rewards.of(REWARDS));
      assertThat(without.metrics().get("loss"))
          .isCloseTo(meanLoss(rollout, all, new int[] {0, 1}), within(1e-5));
    }
    try (DiffusionPolicy one = Policies.still(model.with(model.options().withSteps(1)), lora)) {
      assertThatThrownBy(() -> new Grpo(one, plain(), Seed.of(4)))
          .hasMessageContaining("the only step that can be trained is the policy's last");
    }
  }

  @Test
  void theMeanRewardOfHeldOutSeedsRises() {
    DiffusionPolicy.Options options = DiffusionPolicy.Options.fullWeights().withLearningRate(2e-3);
    try (DiffusionPolicy policy = DiffusionPolicy.fullWeights(model, options)) {
      Grpo grpo =
          new Grpo(
              policy,
              Grpo.Options.danceGrpo().withClipRange(1e-2).withUpdatesPerEpoch(2),
              Seed.of(4));
      List<Prompt> heldOut = TinyModel.prompts(8);
      double before = meanOf(policy.sampler().rollout(heldOut, Seed.of(1000)));
      for (int round = 0; round < 10; round++) {
        try (Rollout rollout =
            grpo.sampler().rollout(TinyModel.prompts(16), Seed.of(50).split(round))) {
          StepReport report = grpo.step(rollout, Rewards.of(latentMeans(rollout)));
          assertThat(report.skippedReason()).isNull();
        }
      }
      double after = meanOf(policy.sampler().rollout(heldOut, Seed.of(1000)));
      // The noise is the same before and after: the difference is the policy's alone.
      assertThat(after).isGreaterThan(before + 0.02);
    }
  }

  private static double meanOf(Rollout rollout) {
    try (rollout) {
      return Arrays.stream(latentMeans(rollout)).average().orElseThrow();
    }
  }

  /** A reward of the last latents: their mean. */
  private static double[] latentMeans(Rollout rollout) {
    try (INDArray means = rollout.latents().slice(rollout.steps()).mean(1, 2, 3)) {
      return means.toDoubleVector();
    }
  }

  // ---- Groups

  @Test
  void aPromptWithoutVarianceIsSkippedAndCounted() {
    GradientCheck.perturb(still, Seed.of(5), 0.2);
    try (Rollout both = rollout();
        Rollout one =
            model.rollout(
                List.of(both.prompts().get(1), both.prompts().get(3)),
                List.of(both.seeds().get(1), both.seeds().get(3)))) {
      StepReport some = new Grpo(still, plain(), Seed.of(4)).step(both, Rewards.of(7, 4, 7, 0.5));
      Map<String, float[]> gradient = GradientCheck.gradientOf(still);
      assertThat(some.metrics())
          .containsEntry("groups", 2.0)
          .containsEntry("groupsWithoutVariance", 1.0);
      StepReport alone = new Grpo(still, plain(), Seed.of(4)).step(one, Rewards.of(4, 0.5));
      assertThat(alone.metrics()).containsEntry("groupsWithoutVariance", 0.0);
      // The same two images, sampled and trained in other batches: float rounding.
      assertSame(gradient, GradientCheck.gradientOf(still), 1e-3);
    }
  }

  @Test
  void imagesWithoutARewardAreLeftOut() {
    GradientCheck.perturb(still, Seed.of(5), 0.2);
    OptionalDouble none = OptionalDouble.empty();
    try (Rollout rollout = rollout()) {
      Rewards half = new Rewards(List.of(none, OptionalDouble.of(4), none, OptionalDouble.of(0.5)));
      StepReport report = new Grpo(still, plain(), Seed.of(4)).step(rollout, half);
      Map<String, float[]> gradient = GradientCheck.gradientOf(still);
      assertThat(report.metrics())
          .containsEntry("presentRewards", 2.0)
          .containsEntry("groups", 1.0);
      StepReport same = new Grpo(still, plain(), Seed.of(4)).step(rollout, Rewards.of(7, 4, 7, .5));
      assertThat(same.metrics()).containsEntry("presentRewards", 4.0);
      assertSame(gradient, GradientCheck.gradientOf(still), 1e-6);
    }
  }

  @Test
  void aRoundWhosePromptsCompareNothingMovesNothingAndSaysSo() {
    OptionalDouble none = OptionalDouble.empty();
    Grpo grpo = new Grpo(still, plain(), Seed.of(4));
    try (Rollout rollout = rollout()) {
      assertThat(grpo.step(rollout, Rewards.of(1, 2, 1, 2)).skippedReason())
          .isEqualTo("no prompt has two images with different rewards: all advantages are 0");
      StepReport two =
          grpo.step(
              rollout,
              new Rewards(List.of(OptionalDouble.of(1), OptionalDouble.of(2), none, none)));
      assertThat(two.skippedReason()).startsWith("no prompt has two images");
      assertThat(two.metrics()).containsEntry("groupsWithoutVariance", 2.0);
      assertThat(grpo.step(rollout, Rewards.of(1, 1, 1, 1)).skippedReason())
          .isEqualTo("all 4 rewards are equal (1.0): no image is better than another");
      assertThat(still.updates()).isZero();
    }
  }

  @Test
  void anAdvantageIsClipped() {
    GradientCheck.perturb(still, Seed.of(5), 0.2);
    Grpo.Options bounded = plain().withAdvantageClip(1.5);
    try (Rollout rollout = rollout()) {
      StepReport huge =
          new Grpo(still, bounded, Seed.of(4)).step(rollout, Rewards.of(90, 70, 0, 0));
      StepReport small = new Grpo(still, bounded, Seed.of(4)).step(rollout, Rewards.of(3, 3, 0, 0));
      assertThat(huge.metrics().get("loss")).isEqualTo(small.metrics().get("loss"));
    }
  }

  // ---- The window

  private static Grpo.Options windowed(int size) {
    return plain().withWindow(Optional.of(SdeWindow.progressive().withSize(size).withEvery(1)));
  }

  @Test
  void onlyTheStepsOfTheWindowDrawNoiseAndAreTrained() {
    GradientCheck.perturb(still, Seed.of(5), 0.2);
    Grpo grpo = new Grpo(still, windowed(1), Seed.of(4));
    for (int round = 0; round < 3; round++) {
      int step = round % 2; // of the two that are not the last
      try (Rollout rollout = grpo.sampler().rollout(prompts(), Seed.of(3))) {
        for (int t = 0; t < 3; t++) {
          assertThat(Float.isNaN(rollout.logProbabilities().getFloat(t, 0))).isEqualTo(t != step);
        }
        StepReport report = grpo.step(rollout, Rewards.of(REWARDS));
        assertThat(report.metrics())
            .containsEntry("windowFirst", (double) step)
            .containsKey("klToReferenceEstimate");
        Map<String, float[]> gradient = GradientCheck.gradientOf(still);
        GradientCheck.assertGradient(
            still, gradient, () -> meanLoss(rollout, windowed(1), new int[] {step}), 0.01, 5e-3);
      }
    }
  }

  @Test
  void aRolloutOfAnotherWindowIsAnErrorThatChangesNothing() {
    Grpo grpo = new Grpo(still, windowed(1), Seed.of(4));
    try (Rollout everywhere = rollout();
        Rollout next =
            model
                .with(RolloutOptions.defaults().withStochastic(StepWindow.of(1, 1)))
                .rollout(prompts(), Seed.of(3))) {
      assertThatThrownBy(() -> grpo.step(everywhere, Rewards.of(REWARDS)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "round 1 draws noise in steps 0 to 0, but denoising step 1 of image 0 drew some:"
                  + " sample it with grpo.sampler()");
      assertThatThrownBy(() -> grpo.step(next, Rewards.of(REWARDS)))
          .hasMessageContaining("denoising step 0 of image 0 was deterministic");
      Grpo without = new Grpo(still, plain(), Seed.of(4));
      assertThatThrownBy(() -> without.step(next, Rewards.of(REWARDS)))
          .hasMessageContaining("round 1 draws noise in all steps");
      assertThat(still.updates()).isZero();
      assertThat(grpo.sampler()).isNotNull();
    }
  }

  @Test
  void aDeterministicStepIsNeverTrainedOnByAnotherMethodEither() {
    LatentDiffusion mixed =
        model.with(RolloutOptions.defaults().withStochastic(StepWindow.of(0, 1)));
    try (Rollout rollout = mixed.rollout(prompts(), Seed.of(3))) {
      Ddpo ddpo =
          new Ddpo(
              still,
              Ddpo.Options.importanceSampling().withPromptStatistics(Optional.empty()),
              Seed.of(4));
      assertThatThrownBy(() -> ddpo.step(rollout, Rewards.of(REWARDS)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("has no likelihood: it was deterministic when it was sampled");
      Transitions transitions = still.transitions(rollout, 1);
      transitions.forward(new int[] {0}, new int[] {1});
      String step = still.denoisingSteps().steps().get(1) + " of image 0 has no likelihood";
      assertThatThrownBy(transitions::logProbabilities).hasMessageContaining(step);
      assertThatThrownBy(transitions::klToSampling).hasMessageContaining(step);
      assertThatThrownBy(() -> transitions.backward(new double[] {1}, null))
          .hasMessageContaining(step);
      assertThat(transitions.kl(KlForm.EXACT)[0]).isZero(); // a new adapter changes nothing
    }
  }

  @Test
  void aWindowLargerThanThePolicysStepsIsAnErrorBeforeAnyWork() {
    assertThatThrownBy(() -> new Grpo(still, windowed(3), Seed.of(4)))
        .hasMessageContaining("the window holds 3 steps, but of the policy's steps 2 can be");
  }

  // ---- Shared latents

  @Test
  void sharedLatentsAreNewInEachRoundAndThoseOfARoundAreRequired() {
    Grpo grpo = new Grpo(still, plain().withSharedLatents(true), Seed.of(4));
    try (Rollout first = grpo.sampler().rollout(prompts(), Seed.of(3));
        Rollout own = rollout()) {
      assertThat(first.latents().slice(0).slice(0)).isEqualTo(first.latents().slice(0).slice(2));
      assertThat(first.latents().slice(0).slice(0)).isNotEqualTo(first.latents().slice(0).slice(1));
      assertThatThrownBy(() -> grpo.step(own, Rewards.of(REWARDS)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("images of one prompt begin with the same latents, but those of");
      assertThat(grpo.step(first, Rewards.of(REWARDS)).skippedReason()).isNull();
      try (Rollout second = grpo.sampler().rollout(prompts(), Seed.of(3))) {
        assertThat(second.latents().slice(0)).isNotEqualTo(first.latents().slice(0));
      }
    }
  }

  @Test
  void imagesThatAreGeneratedAreThePolicysOwn() {
    Grpo grpo = new Grpo(still, windowed(1).withSharedLatents(true), Seed.of(4));
    assertThat(grpo.sampler().generate(prompts(), Seed.of(3)))
        .isEqualTo(still.sampler().generate(prompts(), Seed.of(3)));
  }

  @Test
  void evaluationsOfARunAreThePolicysOwnWhateverItsRoundsDraw() {
    Grpo grpo = new Grpo(still, windowed(1).withSharedLatents(true), Seed.of(4));
    List<List<Image>> shown = new ArrayList<>();
    List<Double> kl = new ArrayList<>();
    RunResult unused =
        AlignmentRun.of(
                PromptSource.all(prompts().subList(0, 2), 2),
                grpo.sampler(),
                (rollout, judgements) -> Rewards.of(latentMeans(rollout)),
                grpo,
                Seed.of(8))
            .evaluated(Evaluation.every(1, prompts(), Seed.of(9)).withKlOf(still, 4))
            .listener(
                event -> {
                  if (event instanceof RunEvent.Pictures pictures) {
                    shown.add(pictures.images());
                  } else if (event instanceof RunEvent.Metrics metrics
                      && metrics.values().containsKey("klToReference")) {
                    kl.add(metrics.values().get("klToReference"));
                  }
                })
            .run(AlignmentRun.Options.rounds(2));
    try (Rollout own = still.sampler().rollout(prompts(), Seed.of(9))) {
      assertThat(shown).hasSize(3).containsOnly(own.images()); // it does not learn at a rate of 0
    }
    assertThat(kl).hasSize(3);
  }

  /** The difference's norm is within a bound, relative to that of the expected one. */
  private static void assertSame(
      Map<String, float[]> found, Map<String, float[]> expected, double bound) {
    double difference = 0;
    double norm = 0;
    for (Map.Entry<String, float[]> entry : expected.entrySet()) {
      float[] other = Objects.requireNonNull(found.get(entry.getKey()));
      for (int i = 0; i < other.length; i++) {
        double one = entry.getValue()[i];
        difference += (other[i] - one) * (other[i] - one);
        norm += one * one;
      }
    }
    assertThat(norm).isPositive();
    assertThat(Math.sqrt(difference / norm)).isLessThan(bound);
  }
}

package org.tastemaker.optim.ddpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.condition.PromptOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.Transitions;

class DdpoTest {
  private static final double LOOSE = 10; // a clip range that clips nothing

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));

  private final DiffusionPolicy still = Policies.still(model, lora);

  @AfterEach
  void close() {
    still.close();
    lora.close();
    model.close();
  }

  private Rollout rollout(int images) {
    return model.rollout(TinyModel.prompts(images), Seed.of(3));
  }

  private static Ddpo.Options batchAdvantages(Ddpo.Options options) {
    return options.withPromptStatistics(Optional.empty());
  }

  private static double[] standardised(double... rewards) {
    double mean = Arrays.stream(rewards).average().orElseThrow();
    double std =
        Math.sqrt(Arrays.stream(rewards).map(r -> (r - mean) * (r - mean)).average().orElseThrow());
    return Arrays.stream(rewards).map(r -> (r - mean) / (std + 1e-8)).toArray();
  }

  @Test
  void theGradientOfImportanceSamplingIsThatOfItsLoss() {
    double[] rewards = {1, 4, -2, 0.5};
    double[] advantages = standardised(rewards);
    Ddpo ddpo =
        new Ddpo(
            still,
            batchAdvantages(Ddpo.Options.importanceSampling())
                .withClipRange(LOOSE)
                .withUpdatesPerEpoch(1)
                .withMicroBatch(5),
            Seed.of(4));
    try (Rollout rollout = rollout(4)) {
      GradientCheck.perturb(still, Seed.of(5), 0.2); // away from the policy that sampled
      StepReport report = ddpo.step(rollout, Rewards.of(rewards));
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () -> meanLoss(still, rollout, advantages, true),
          0.01,
          5e-3);
      // The same rows in other micro-batches: float rounding of the U-Net.
      assertThat(report.metrics().get("loss"))
          .isCloseTo(meanLoss(still, rollout, advantages, true), within(1e-5));
      assertThat(report.metrics().get("ratioMax")).isGreaterThan(1);
    }
  }

  @Test
  void theGradientOfTheScoreFunctionIsThatOfTheWeightedLogLikelihood() {
    double[] rewards = {1, 4, -2, 0.5};
    Ddpo ddpo =
        new Ddpo(
            still, batchAdvantages(Ddpo.Options.scoreFunction()).withMicroBatch(4), Seed.of(4));
    GradientCheck.perturb(still, Seed.of(5), 0.2);
    try (Rollout rollout = still.sampler().rollout(TinyModel.prompts(4), Seed.of(3))) {
      StepReport report = ddpo.step(rollout, Rewards.of(rewards));
      assertThat(report.metrics().get("updates")).isEqualTo(1);
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () -> meanLoss(still, rollout, standardised(rewards), false),
          0.01,
          5e-3);
    }
  }

  /** Mean of -A rho or of -A log p over all images and steps. */
  private static double meanLoss(
      DiffusionPolicy policy, Rollout rollout, double[] advantages, boolean ratios) {
    Transitions transitions = policy.transitions(rollout, 4);
    double loss = 0;
    for (int t = 0; t < rollout.steps(); t++) {
      int step = t;
      transitions.forward(new int[] {0, 1, 2, 3}, IntStream.range(0, 4).map(i -> step).toArray());
      double[] now = transitions.logProbabilities();
      double[] old = transitions.recordedLogProbabilities();
      for (int i = 0; i < 4; i++) {
        loss -= advantages[i] * (ratios ? Math.exp(now[i] - old[i]) : now[i]) / 12;
      }
    }
    return loss;
  }

  @Test
  void theGradientOverSumsOfElementsIsThatOfItsLoss() {
    double[] rewards = {1, 4, -2, 0.5};
    try (DiffusionPolicy sums =
        DiffusionPolicy.lora(
            model.with(model.options().withReduction(Reduction.SUM)),
            lora,
            DiffusionPolicy.Options.lora()
                .withLearningRate(0)
                .withMaxGradientNorm(Double.POSITIVE_INFINITY))) {
      Ddpo ddpo =
          new Ddpo(
              sums,
              batchAdvantages(Ddpo.Options.importanceSampling())
                  .withClipRange(1e6)
                  .withUpdatesPerEpoch(1)
                  .withMicroBatch(4),
              Seed.of(4));
      try (Rollout rollout = sums.sampler().rollout(TinyModel.prompts(4), Seed.of(3))) {
        GradientCheck.perturb(sums, Seed.of(5), 0.05);
        StepReport report = ddpo.step(rollout, Rewards.of(rewards));
        assertThat(report.metrics().get("ratioMax")).isGreaterThan(1.01);
        // A shorter step than over means: the ratios bend by the elements' number more.
        GradientCheck.assertGradient(
            sums,
            GradientCheck.gradientOf(sums),
            () -> meanLoss(sums, rollout, standardised(rewards), true),
            0.002,
            5e-3);
      }
    }
  }

  @Test
  void theMeanRewardOfHeldOutSeedsRises() {
    DiffusionPolicy.Options options = DiffusionPolicy.Options.fullWeights().withLearningRate(2e-3);
    try (DiffusionPolicy policy = DiffusionPolicy.fullWeights(model, options)) {
      Ddpo ddpo =
          new Ddpo(
              policy,
              batchAdvantages(Ddpo.Options.importanceSampling())
                  .withClipRange(1e-2)
                  .withUpdatesPerEpoch(2)
                  .withMicroBatch(8),
              Seed.of(4));
      List<Prompt> heldOut = TinyModel.prompts(8);
      double before = meanOf(policy.sampler().rollout(heldOut, Seed.of(1000)));
      for (int round = 0; round < 10; round++) {
        try (Rollout rollout =
            policy.sampler().rollout(TinyModel.prompts(16), Seed.of(50).split(round))) {
          StepReport report = ddpo.step(rollout, Rewards.of(latentMeans(rollout)));
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

  @Test
  void equalRewardsMoveNothingAndSaySo() {
    Ddpo ddpo = new Ddpo(still, Ddpo.Options.importanceSampling(), Seed.of(4));
    try (Rollout rollout = rollout(3)) {
      StepReport report = ddpo.step(rollout, Rewards.of(0.1, 0.1, 0.1));
      assertThat(report.skippedReason())
          .isEqualTo("all 3 rewards are equal (0.1): no image is better than another");
      assertThat(still.updates()).isZero();
      assertThat(report.step()).isEqualTo(1);
    }
  }

  @Test
  void equalRewardsMoveNothingWhateverTheirPromptsHadBefore() {
    Ddpo ddpo =
        new Ddpo(
            still,
            Ddpo.Options.importanceSampling()
                .withPromptStatistics(Optional.of(new PromptStatistics.Options(4, 2))),
            Seed.of(4));
    try (Rollout rollout = rollout(6)) { // two images of each prompt
      assertThat(ddpo.step(rollout, Rewards.of(1, 2, 3, 4, 5, 6)).skippedReason()).isNull();
      long updates = still.updates();
      assertThat(ddpo.step(rollout, Rewards.of(9, 9, 9, 9, 9, 9)).skippedReason())
          .isEqualTo("all 6 rewards are equal (9.0): no image is better than another");
      assertThat(still.updates()).isEqualTo(updates);
      // The statistics have taken them in: of the first prompt there are 1, 4, 9 and 9, and then 4,
      // 9, 9 and 0.
      double mean = 22 / 4.0;
      double std = Math.sqrt((16 + 81 + 81 + 0) / 4.0 - mean * mean);
      double[] advantages =
          ddpo.advantages(TinyModel.prompts(1), new double[] {0}); // standardised by 1e-6 more
      assertThat(advantages[0]).isCloseTo(-mean / std, within(1e-5));
    }
  }

  @Test
  void rewardsThatAreTheirPromptsMeansMoveNothingAndSaySo() {
    Ddpo ddpo =
        new Ddpo(
            still,
            Ddpo.Options.importanceSampling()
                .withPromptStatistics(Optional.of(new PromptStatistics.Options(4, 1))),
            Seed.of(4));
    try (Rollout rollout = rollout(3)) { // one image of each prompt
      assertThat(ddpo.step(rollout, Rewards.of(1, 2, 3)).skippedReason())
          .isEqualTo("every reward is the mean of its prompt's: all advantages are 0");
    }
  }

  @Test
  void imagesWithoutARewardAreLeftOut() {
    Ddpo.Options options =
        batchAdvantages(Ddpo.Options.importanceSampling()).withUpdatesPerEpoch(1).withMicroBatch(6);
    GradientCheck.perturb(still, Seed.of(5), 0.1);
    OptionalDouble none = OptionalDouble.empty();
    try (Rollout three = rollout(3);
        Rollout two =
            model.rollout(
                List.of(three.prompts().get(0), three.prompts().get(2)),
                List.of(three.seeds().get(0), three.seeds().get(2)))) {
      StepReport some =
          new Ddpo(still, options, Seed.of(4))
              .step(three, new Rewards(List.of(OptionalDouble.of(2), none, OptionalDouble.of(-1))));
      StepReport all = new Ddpo(still, options, Seed.of(4)).step(two, Rewards.of(2, -1));
      assertThat(some.metrics()).containsEntry("presentRewards", 2.0);
      // The same two images, sampled and trained in other batches: float rounding.
      assertThat(some.metrics().get("gradientNorm"))
          .isCloseTo(all.metrics().get("gradientNorm"), within(1e-4));
      StepReport skipped =
          new Ddpo(still, options, Seed.of(4)).step(three, new Rewards(List.of(none, none, none)));
      assertThat(skipped.skippedReason()).isEqualTo("no image has a reward");
    }
  }

  @Test
  void oneImageOfAPromptIsComparedWithTheBatchUntilItsBufferIsFull() {
    Ddpo ddpo = new Ddpo(still, Ddpo.Options.importanceSampling(), Seed.of(4));
    double[] advantages =
        ddpo.advantages(TinyModel.prompts(3), new double[] {1, 2, 3}); // three prompts
    assertThat(advantages[0]).isNegative();
    assertThat(advantages[2]).isPositive();
  }

  @Test
  void anAdvantageIsClipped() {
    Ddpo ddpo =
        new Ddpo(
            still,
            batchAdvantages(Ddpo.Options.importanceSampling())
                .withClipRange(1e-4)
                .withAdvantageClip(1.5),
            Seed.of(4));
    double[] rewards = {0, 0, 0, 0, 100};
    assertThat(ddpo.advantages(TinyModel.prompts(5), rewards)[4]).isEqualTo(1.5);
  }

  @Test
  void outsideOfTheClipRangeThePessimisticSideAloneHasAGradient() {
    double[] rewards = {1, 4, -2, 0.5};
    double[] advantages = standardised(rewards);
    Ddpo ddpo =
        new Ddpo(
            still,
            batchAdvantages(Ddpo.Options.importanceSampling())
                .withClipRange(1e-9)
                .withUpdatesPerEpoch(1)
                .withMicroBatch(4),
            Seed.of(4));
    try (Rollout rollout = rollout(4)) {
      GradientCheck.perturb(still, Seed.of(5), 0.2);
      StepReport report = ddpo.step(rollout, Rewards.of(rewards));
      assertThat(report.metrics()).containsEntry("clipFraction", 1.0);
      Map<String, float[]> gradient = GradientCheck.gradientOf(still);

      // The good ones that have become less probable, and the bad ones that have become more so.
      Transitions transitions = still.transitions(rollout, 4);
      int pushed = 0;
      still.begin();
      for (int t = 0; t < rollout.steps(); t++) {
        transitions.forward(new int[] {0, 1, 2, 3}, new int[] {t, t, t, t});
        double[] now = transitions.logProbabilities();
        double[] old = transitions.recordedLogProbabilities();
        double[] slopes = new double[4];
        for (int i = 0; i < 4; i++) {
          if (advantages[i] > 0 == now[i] < old[i]) {
            slopes[i] = -advantages[i] * Math.exp(now[i] - old[i]) / 12;
            pushed++;
          }
        }
        transitions.backward(slopes, null);
      }
      assertThat(pushed).isBetween(1, 11); // both sides are there
      // The same rows in other micro-batches: float rounding of the U-Net.
      assertSame(gradient, GradientCheck.gradientOf(still), 1e-4);
    }
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

  @Test
  void aRoundSaysHowFarThePolicyIsFromThePreTrainedModel() {
    // The estimate takes all steps of two images, which are all there are here: it is exact.
    int all = 2 * 3 * 2; // images, steps, and both halves of guidance
    Ddpo ddpo =
        new Ddpo(
            still,
            batchAdvantages(Ddpo.Options.importanceSampling())
                .withUpdatesPerEpoch(1)
                .withMicroBatch(all),
            Seed.of(4));
    GradientCheck.perturb(still, Seed.of(5), 0.2);
    try (Rollout rollout = rollout(2)) {
      double exact = still.klToReference(rollout, 2);
      assertThat(exact).isPositive();
      double estimate =
          ddpo.step(rollout, Rewards.of(1, 4)).metrics().getOrDefault("klToReferenceEstimate", 0.0);
      // Other micro-batches: float rounding of the U-Net.
      assertThat(estimate).isCloseTo(exact, within(1e-4 * exact));
    }
  }

  @Test
  void onPolicyNothingIsClipped() {
    Ddpo ddpo =
        new Ddpo(
            still,
            batchAdvantages(Ddpo.Options.importanceSampling())
                .withUpdatesPerEpoch(1)
                .withMicroBatch(4),
            Seed.of(4));
    try (Rollout rollout = rollout(4)) {
      assertThat(ddpo.step(rollout, Rewards.of(1, 4, -2, 0.5)).metrics())
          .containsEntry("clipFraction", 0.0);
    }
  }

  @Test
  void aRatioThatOverflowsStopsTheStepAndLeavesEverythingAsItWas(@TempDir Path folder)
      throws IOException {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = rollout(4);
        INDArray shifted = rollout.logProbabilities().dup()) {
      Ddpo ddpo =
          new Ddpo(policy, Ddpo.Options.importanceSampling().withUpdatesPerEpoch(4), Seed.of(4));
      shifted.putScalar(1, 2, shifted.getDouble(1, 2) - 1000); // as if it had been impossible
      Rollout damaged =
          new Rollout(
              rollout.prompts(),
              rollout.seeds(),
              rollout.images(),
              rollout.latents(),
              shifted,
              rollout.timesteps());
      ddpo.save(Files.createDirectory(folder.resolve("before")));
      assertThatThrownBy(() -> ddpo.step(damaged, Rewards.of(1, 2, 3, 4)))
          .isInstanceOf(DivergedException.class)
          .hasMessageContaining("step 1: the ratio of probabilities of image 2 at denoising step 1")
          .hasMessageContaining("is Infinity")
          .hasMessageContaining("Reduction.MEAN");
      ddpo.save(Files.createDirectory(folder.resolve("after")));
      assertSameCheckpoints(folder.resolve("before"), folder.resolve("after"));
    }
  }

  @Test
  void aResumedRunGoesOnBitForBit(@TempDir Path folder) throws IOException {
    Ddpo.Options options =
        Ddpo.Options.importanceSampling()
            .withPromptStatistics(Optional.of(new PromptStatistics.Options(4, 2)));
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      Ddpo ddpo = new Ddpo(policy, options, Seed.of(4));
      round(policy, ddpo, 0);
      ddpo.save(Files.createDirectory(folder.resolve("one")));
      round(policy, ddpo, 1);
      ddpo.save(Files.createDirectory(folder.resolve("two")));
    }
    try (LatentDiffusion again = TinyModel.create(Seed.of(1));
        Lora other = TinyModel.lora(again, Seed.of(77));
        DiffusionPolicy policy = DiffusionPolicy.lora(again, other)) {
      Ddpo ddpo = new Ddpo(policy, options, Seed.of(4));
      ddpo.restore(folder.resolve("one"));
      round(policy, ddpo, 1);
      ddpo.save(Files.createDirectory(folder.resolve("again")));
    }
    assertSameCheckpoints(folder.resolve("two"), folder.resolve("again"));
  }

  private static void round(DiffusionPolicy policy, Ddpo ddpo, int round) {
    try (Rollout rollout =
        policy.sampler().rollout(TinyModel.prompts(4), Seed.of(8).split(round))) {
      assertThat(ddpo.step(rollout, Rewards.of(1, 2 + round, 0.3, -1)).step()).isEqualTo(round + 1);
    }
  }

  private static void assertSameCheckpoints(Path expected, Path actual) {
    for (String file : List.of("checkpoint.json", "policy/checkpoint.json")) { // with digests
      assertThat(actual.resolve(file)).hasSameTextualContentAs(expected.resolve(file));
    }
  }

  @Test
  void aCheckpointOfAnotherRunIsAnError(@TempDir Path folder) {
    new Ddpo(still, Ddpo.Options.importanceSampling(), Seed.of(4)).save(folder);
    Ddpo other = new Ddpo(still, Ddpo.Options.scoreFunction(), Seed.of(4));
    assertThatThrownBy(() -> other.restore(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "estimator is IMPORTANCE_SAMPLING in the checkpoint and SCORE_FUNCTION now")
        .hasMessageContaining("only these may change: innerEpochs, microBatch, ")
        .hasMessageContaining("updatesPerEpoch");
    assertThatThrownBy(() -> other.restore(folder.resolve("policy")))
        .hasMessageContaining("is not of a checkpoint of \"ddpo\", or damaged");
  }

  @Test
  void aDeterministicPolicyIsAnErrorBeforeAnyWork() {
    try (DiffusionPolicy none =
        DiffusionPolicy.lora(model.with(model.options().withEta(0)), lora)) {
      assertThatThrownBy(() -> new Ddpo(none, Ddpo.Options.importanceSampling(), Seed.of(4)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("eta above 0");
    }
  }

  @Test
  void theScoreFunctionMakesOneUpdateARound() {
    assertThatThrownBy(() -> Ddpo.Options.scoreFunction().withUpdatesPerEpoch(2))
        .hasMessageContaining("on-policy: it makes one update a round")
        .hasMessageContaining("use IMPORTANCE_SAMPLING for more");
  }

  @Test
  void aNumberOfRewardsThatIsNotThatOfImagesIsAnError() {
    Ddpo ddpo = new Ddpo(still, Ddpo.Options.importanceSampling(), Seed.of(4));
    try (Rollout rollout = rollout(3)) {
      assertThatThrownBy(() -> ddpo.step(rollout, Rewards.of(1, 2)))
          .hasMessage(
              "there must be a reward, or a missing one, for each of the 3 images, but there"
                  + " were 2");
    }
  }

  @Test
  void promptsInChunksAreTrainedOn() {
    LatentDiffusion chunked = model.with(PromptOptions.defaults().withChunks(2));
    String longText = "a photo of a cat, ".repeat(20);
    DiffusionPolicy policy = Policies.still(chunked, lora);
    try (policy;
        Rollout rollout =
            chunked.rollout(
                List.of(Prompt.of(longText), Prompt.of("a dog")),
                List.of(Seed.of(3), Seed.of(4)))) {
      Ddpo ddpo = new Ddpo(policy, batchAdvantages(Ddpo.Options.importanceSampling()), Seed.of(4));
      StepReport report = ddpo.step(rollout, Rewards.of(1, -1));
      // Nothing has changed since the rollout: the new policy is the old one.
      assertThat(report.metrics().get("ratioMax")).isCloseTo(1, within(1e-4));
    }
  }
}

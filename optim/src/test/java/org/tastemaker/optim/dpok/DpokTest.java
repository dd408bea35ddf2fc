package org.tastemaker.optim.dpok;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.likelihood.DpokSupervised;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.KlForm;
import org.tastemaker.optim.policy.Transitions;

class DpokTest {
  private static final Rewards REWARDS = Rewards.of(0.3, -0.2, 1, 0.5);
  private static final Dpok.Options ONE_UPDATE =
      Dpok.Options.singlePrompt()
          .withRewardWeight(1)
          .withKl(KlOptions.of(0.5))
          .withClipRange(10)
          .withUpdates(1)
          .withBatch(12)
          .withMicroBatch(5);

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));

  private final DiffusionPolicy still = Policies.still(model, lora);

  @AfterEach
  void close() {
    still.close();
    lora.close();
    model.close();
  }

  private Rollout rollout() {
    return model.rollout(TinyModel.prompts(4), Seed.of(3));
  }

  private StepReport step(Dpok.Options options, Rollout rollout) {
    try (Dpok dpok = new Dpok(still, options, Seed.of(4))) {
      return dpok.step(rollout, REWARDS);
    }
  }

  @ParameterizedTest
  @EnumSource(KlForm.class)
  void theGradientIsThatOfTheLoss(KlForm form) {
    Dpok.Options options = ONE_UPDATE.withKl(ONE_UPDATE.kl().withForm(form));
    try (Rollout rollout = rollout()) {
      GradientCheck.perturb(still, Seed.of(5), 0.2);
      StepReport report = step(options, rollout);
      assertThat(report.metrics().get("klPenalty")).isPositive();
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () -> step(options, rollout).metrics().getOrDefault("loss", 0.0),
          0.01,
          5e-3);
    }
  }

  @Test
  void theGradientOverSumsOfElementsIsThatOfTheLoss() {
    Dpok.Options options = ONE_UPDATE.withClipRange(1e6);
    try (DiffusionPolicy sums =
            DiffusionPolicy.lora(
                model.with(model.options().withReduction(Reduction.SUM)),
                lora,
                DiffusionPolicy.Options.lora()
                    .withLearningRate(0)
                    .withMaxGradientNorm(Double.POSITIVE_INFINITY));
        Dpok dpok = new Dpok(sums, options, Seed.of(4));
        Rollout rollout = sums.sampler().rollout(TinyModel.prompts(4), Seed.of(3))) {
      GradientCheck.perturb(sums, Seed.of(5), 0.05);
      StepReport report = dpok.step(rollout, REWARDS);
      assertThat(report.metrics().get("ratioMax")).isGreaterThan(1.01);
      // A shorter step than over means: the ratios bend by the elements' number more.
      GradientCheck.assertGradient(
          sums,
          GradientCheck.gradientOf(sums),
          () -> dpok.step(rollout, REWARDS).metrics().getOrDefault("loss", 0.0),
          0.002,
          5e-3);
    }
  }

  @Test
  void theLossIsTheWeightedSumOfRewardAndDivergence() {
    try (Rollout rollout = rollout()) {
      GradientCheck.perturb(still, Seed.of(5), 0.2);
      Transitions transitions = still.transitions(rollout, 4);
      double expected = 0;
      for (int t = 0; t < 3; t++) {
        transitions.forward(new int[] {0, 1, 2, 3}, new int[] {t, t, t, t});
        double[] now = transitions.logProbabilities();
        double[] old = transitions.recordedLogProbabilities();
        double[] kl = transitions.kl(KlForm.EXACT);
        for (int i = 0; i < 4; i++) {
          double reward = REWARDS.get(i).orElseThrow();
          expected += (-reward * Math.exp(now[i] - old[i]) + 0.5 * kl[i]) / 12;
        }
      }
      // All 12 transitions, in other micro-batches: float rounding of the U-Net.
      assertThat(step(ONE_UPDATE, rollout).metrics().get("loss")).isCloseTo(expected, within(1e-5));
    }
  }

  @Test
  void outsideOfTheClipRangeTheRewardHasNoGradientOnEitherSide() {
    try (Rollout rollout = rollout()) {
      GradientCheck.perturb(still, Seed.of(5), 0.2);
      StepReport report = step(ONE_UPDATE.withKl(KlOptions.of(0)).withClipRange(1e-9), rollout);
      assertThat(report.metrics()).containsEntry("clipFraction", 1.0);
      assertThat(report.metrics()).containsEntry("gradientNorm", 0.0);
      assertThat(report.metrics()).doesNotContainKey("klPenalty"); // not in the loss, but measured:
      assertThat(report.metrics().get("klToReferenceEstimate")).isPositive();
    }
  }

  @Test
  void theDivergenceAlonePullsThePolicyBack() {
    DiffusionPolicy.Options options = DiffusionPolicy.Options.lora().withLearningRate(0.01);
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora, options);
        Rollout rollout = rollout()) {
      GradientCheck.perturb(policy, Seed.of(5), 0.2);
      try (Dpok dpok =
          new Dpok(
              policy,
              ONE_UPDATE
                  .withRewardWeight(0)
                  .withKl(KlOptions.of(1))
                  .withUpdates(1)
                  .withBatch(12)
                  .withMicroBatch(12),
              Seed.of(4))) {
        double first = dpok.step(rollout, REWARDS).metrics().getOrDefault("klPenalty", 0.0);
        double last = first;
        for (int i = 0; i < 5; i++) {
          last = dpok.step(rollout, REWARDS).metrics().getOrDefault("klPenalty", 0.0);
        }
        assertThat(last).isLessThan(0.9 * first);
      }
    }
  }

  @Test
  void theBaselineIsTakenFromTheReward() {
    ValueOptions value = new ValueOptions(16, 0.01, 0, 60, 12);
    try (Rollout rollout = rollout();
        Dpok dpok =
            new Dpok(
                still,
                ONE_UPDATE
                    .withValue(Optional.of(value))
                    .withUpdates(1)
                    .withBatch(12)
                    .withMicroBatch(6),
                Seed.of(4))) {
      double mean = REWARDS.mean().orElseThrow();
      StepReport report = dpok.step(rollout, REWARDS);
      // Sixty updates know at least the mean reward of the transitions that they have seen.
      assertThat(report.metrics().get("advantageMean")).isBetween(-0.5 * mean, 0.5 * mean);
      assertThat(report.metrics().get("valueLoss")).isPositive();
    }
  }

  @Test
  void equalRewardsMoveNothingAndSaySo() {
    try (Rollout rollout = rollout();
        Dpok dpok = new Dpok(still, ONE_UPDATE, Seed.of(4))) {
      assertThat(dpok.step(rollout, Rewards.of(2, 2, 2, 2)).skippedReason())
          .isEqualTo("all 4 rewards are equal (2.0): no image is better than another");
      assertThat(still.updates()).isZero();
    }
  }

  @Test
  void aResumedRunGoesOnBitForBitWithItsValueNetwork(@TempDir Path folder) throws IOException {
    Dpok.Options options =
        Dpok.Options.multiplePrompts()
            .withValue(Optional.of(new ValueOptions(8, 1e-3, 0.01, 2, 6)))
            .withUpdates(2)
            .withBatch(6)
            .withMicroBatch(6);
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Dpok dpok = new Dpok(policy, options, Seed.of(4))) {
      round(policy, dpok, 0);
      dpok.save(Files.createDirectory(folder.resolve("one")));
      StepReport two = round(policy, dpok, 1);
      dpok.save(Files.createDirectory(folder.resolve("two")));

      try (LatentDiffusion sameModel = TinyModel.create(Seed.of(1));
          Lora other = TinyModel.lora(sameModel, Seed.of(77));
          DiffusionPolicy again = DiffusionPolicy.lora(sameModel, other);
          Dpok resumed = new Dpok(again, options, Seed.of(4))) {
        resumed.restore(folder.resolve("one"));
        assertThat(round(again, resumed, 1)).isEqualTo(two); // value loss and advantages too
        resumed.save(Files.createDirectory(folder.resolve("again")));
        Checkpoints.assertSame(folder.resolve("two"), folder.resolve("again"));
      }
    }
  }

  private static StepReport round(DiffusionPolicy policy, Dpok dpok, int round) {
    try (Rollout rollout =
        policy.sampler().rollout(TinyModel.prompts(4), Seed.of(8).split(round))) {
      return dpok.step(rollout, REWARDS);
    }
  }

  @Test
  void rewardsBelowZeroPushNothingWhereTheyAreFiltered() {
    Dpok.Options positive =
        ONE_UPDATE.withKl(KlOptions.of(0)).withRewardFilter(RewardFilter.POSITIVE);
    try (Rollout rollout = rollout()) {
      Map<String, Double> filtered = stepOf(positive, rollout, Rewards.of(0.3, -0.2, 1, -5));
      Map<String, float[]> gradient = GradientCheck.gradientOf(still);
      // What -0.2 and -5 count as; the same transitions are drawn.
      assertThat(filtered).isEqualTo(stepOf(positive, rollout, Rewards.of(0.3, 0, 1, 0)));
      GradientCheck.gradientOf(still)
          .forEach((name, values) -> assertThat(gradient.get(name)).as(name).isEqualTo(values));
      assertThat(filtered)
          .isNotEqualTo(
              stepOf(ONE_UPDATE.withKl(KlOptions.of(0)), rollout, Rewards.of(0.3, -0.2, 1, -5)));
      assertThat(filtered.get("advantageMean"))
          .isCloseTo(1.3 / 4, within(1e-12)); // a mean of doubles
    }
  }

  @Test
  void whereNoRewardIsAboveZeroTheFilterLeavesNothingAndSaysSo() {
    try (Rollout rollout = rollout();
        Dpok dpok =
            new Dpok(still, ONE_UPDATE.withRewardFilter(RewardFilter.POSITIVE), Seed.of(4))) {
      assertThat(dpok.step(rollout, Rewards.of(-1, -2, -3, -4)).skippedReason())
          .isEqualTo("all 4 rewards are equal (0.0): no image is better than another");
    }
  }

  private Map<String, Double> stepOf(Dpok.Options options, Rollout rollout, Rewards rewards) {
    try (Dpok dpok = new Dpok(still, options, Seed.of(4))) {
      return dpok.step(rollout, rewards).metrics();
    }
  }

  @Test
  void theFirstRoundsAreFreeOfTheDivergenceAndReportIt() {
    Dpok.Options options = ONE_UPDATE.withKl(KlOptions.of(0.5).withWarmup(2));
    GradientCheck.perturb(still, Seed.of(5), 0.2);
    try (Rollout rollout = rollout();
        Dpok warm = new Dpok(still, options, Seed.of(4));
        Dpok none = new Dpok(still, ONE_UPDATE.withKl(KlOptions.of(0)), Seed.of(4));
        Dpok always = new Dpok(still, ONE_UPDATE, Seed.of(4))) {
      for (int round = 1; round <= 3; round++) {
        Map<String, Double> metrics = warm.step(rollout, REWARDS).metrics();
        Map<String, Double> without = none.step(rollout, REWARDS).metrics();
        Map<String, Double> with = always.step(rollout, REWARDS).metrics();
        assertThat(metrics.get("klPenalty")).isPositive().isEqualTo(with.get("klPenalty"));
        for (String name : List.of("loss", "gradientNorm")) {
          assertThat(metrics.get(name))
              .as("%s of round %d", name, round)
              .isEqualTo((round <= 2 ? without : with).get(name))
              .isNotEqualTo((round <= 2 ? with : without).get(name));
        }
      }
    }
  }

  @Test
  void transitionsOfEarlierRoundsAreDrawnUpToTheBuffersSize() {
    Dpok.Options options =
        ONE_UPDATE.withReplay(6).withUpdates(1).withBatch(100).withMicroBatch(12);
    try (Dpok dpok = new Dpok(still, options, Seed.of(4))) {
      double mean = REWARDS.mean().orElseThrow();
      for (int round = 0; round < 4; round++) {
        double shift = 10 * round;
        try (Rollout rollout =
            model.rollout(TinyModel.prompts(4), Seed.of(8).split(round))) { // closed each time
          Rewards shifted =
              Rewards.of(
                  REWARDS.values().stream().mapToDouble(r -> r.orElseThrow() + shift).toArray());
          Map<String, Double> metrics = dpok.step(rollout, shifted).metrics();
          assertThat(metrics).containsEntry("replayedImages", round == 0 ? 0.0 : 2.0);
          // Four images of this round, and the latest two of the round before: 1 and 0.5.
          double expected =
              round == 0 ? mean : (4 * (mean + shift) + 1 + 0.5 + 2 * (shift - 10)) / 6;
          // A mean of doubles in another order.
          assertThat(metrics.get("advantageMean")).isCloseTo(expected, within(1e-9));
          // The ratios are to the policy that sampled: the same as now, but for float rounding.
          assertThat(metrics.get("ratioMax")).isCloseTo(1, within(1e-4));
        }
      }
    }
  }

  @Test
  void aResumedRunGoesOnBitForBitWithItsBuffer(@TempDir Path folder) throws IOException {
    Dpok.Options options =
        Dpok.Options.publicCode()
            .withUpdates(2)
            .withBatch(9)
            .withMicroBatch(6)
            .withReplay(7)
            .withKl(new KlOptions(0.01, 1, KlForm.UNWEIGHTED))
            .withValue(Optional.of(new ValueOptions(8, 1e-3, 0.01, 2, 6)));
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Dpok dpok = new Dpok(policy, options, Seed.of(4))) {
      round(policy, dpok, 0);
      round(policy, dpok, 1);
      dpok.save(Files.createDirectory(folder.resolve("one")));
      StepReport three = round(policy, dpok, 2);
      assertThat(three.metrics()).containsEntry("replayedImages", 3.0);
      dpok.save(Files.createDirectory(folder.resolve("two")));
      try (LatentDiffusion sameModel = TinyModel.create(Seed.of(1));
          Lora other = TinyModel.lora(sameModel, Seed.of(77));
          DiffusionPolicy again = DiffusionPolicy.lora(sameModel, other);
          Dpok resumed = new Dpok(again, options, Seed.of(4))) {
        resumed.restore(folder.resolve("one"));
        assertThat(round(again, resumed, 2)).isEqualTo(three);
        resumed.save(Files.createDirectory(folder.resolve("again")));
        Checkpoints.assertSame(folder.resolve("two"), folder.resolve("again"));

        Files.delete(folder.resolve("one/replay_buffer.safetensors"));
        assertThatThrownBy(() -> resumed.restore(folder.resolve("one")))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("replay_buffer.safetensors is damaged: there is no such file");
      }
    }
  }

  @Test
  void aCheckpointOfAnotherBufferIsAnError(@TempDir Path folder) {
    try (Dpok dpok = new Dpok(still, ONE_UPDATE, Seed.of(4));
        Dpok other =
            new Dpok(
                still,
                ONE_UPDATE.withReplay(5).withKl(ONE_UPDATE.kl().withWarmup(3)),
                Seed.of(4))) {
      dpok.save(folder);
      assertThatThrownBy(() -> other.restore(folder))
          .hasMessageContaining("kl.warmup is 0 in the checkpoint and 3 now")
          .hasMessageContaining("replay is 0 in the checkpoint and 5 now");
    }
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> ONE_UPDATE.withReplay(-1))
        .hasMessage("replay must be at least 0, but was -1");
    assertThatThrownBy(() -> ONE_UPDATE.kl().withWarmup(-1))
        .hasMessage("kl.warmup must be at least 0, but was -1");
    assertThatThrownBy(() -> ONE_UPDATE.withRewardWeight(Double.NaN))
        .hasMessage("rewardWeight must be at least 0 and finite, but was NaN");
  }

  @Test
  void aDeterministicPolicyIsAnErrorBeforeAnyWork() {
    try (DiffusionPolicy deterministic =
        DiffusionPolicy.lora(model.with(model.options().withEta(0)), lora)) {
      assertThatThrownBy(() -> new Dpok(deterministic, ONE_UPDATE, Seed.of(4)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("eta");
    }
  }

  @Test
  void oneImageOfEachPromptIsEnough() {
    try (Rollout rollout = model.rollout(TinyModel.prompts(2), Seed.of(3))) {
      assertThat(stepOf(ONE_UPDATE, rollout, Rewards.of(1, 2))).containsEntry("updates", 1.0);
    }
  }

  @Test
  void aCheckpointOfAnotherOptimizerIsAnError(@TempDir Path folder) {
    DpokSupervised other =
        new DpokSupervised(
            still, DpokSupervised.Options.of(DpokSupervised.Variant.KL_D), Seed.of(4));
    other.save(folder);
    try (Dpok dpok = new Dpok(still, ONE_UPDATE, Seed.of(4))) {
      assertThatThrownBy(() -> dpok.restore(folder))
          .hasMessageContaining("holds a checkpoint of \"dpok-supervised\", but this is \"dpok\"");
    }
  }

  @Test
  void fullWeightsKeepTheirReferenceFromTheBeginning() {
    try (DiffusionPolicy full = DiffusionPolicy.fullWeights(model);
        Rollout rollout = rollout();
        Dpok dpok =
            new Dpok(full, ONE_UPDATE.withUpdates(2).withBatch(6).withMicroBatch(6), Seed.of(4))) {
      assertThat(dpok.step(rollout, REWARDS).metrics()).containsKey("klPenalty");
      // No way from itself before the first update, and some after it.
      assertThat(dpok.step(rollout, REWARDS).metrics().get("klPenalty")).isPositive();
    }
  }
}

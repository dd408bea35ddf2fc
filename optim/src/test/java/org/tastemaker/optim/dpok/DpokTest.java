package org.tastemaker.optim.dpok;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.TinyModel;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.Transitions;

class DpokTest {
  private static final Rewards REWARDS = Rewards.of(0.3, -0.2, 1, 0.5);
  private static final Dpok.Options ONE_UPDATE =
      Dpok.Options.singlePrompt().withWeights(1, 0.5).withClipRange(10).withUpdates(1, 12, 5);

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));

  /** Leaves its weights and its gradient as they are: to be looked at. */
  private final DiffusionPolicy still =
      DiffusionPolicy.lora(
          model,
          lora,
          DiffusionPolicy.Options.lora()
              .withLearningRate(0)
              .withMaxGradientNorm(Double.POSITIVE_INFINITY));

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
  @EnumSource(Transitions.Divergence.class)
  void theGradientIsThatOfTheLoss(Transitions.Divergence divergence) {
    Dpok.Options options = ONE_UPDATE.withDivergence(divergence);
    try (Rollout rollout = rollout()) {
      GradientCheck.perturb(still, Seed.of(5), 0.2);
      StepReport report = step(options, rollout);
      assertThat(report.metrics().get("kl")).isPositive();
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () -> step(options, rollout).metrics().getOrDefault("loss", 0.0),
          0.01,
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
        double[] kl = transitions.divergences(Transitions.Divergence.EXACT);
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
      StepReport report = step(ONE_UPDATE.withWeights(1, 0).withClipRange(1e-9), rollout);
      assertThat(report.metrics()).containsEntry("clipFraction", 1.0);
      assertThat(report.metrics()).containsEntry("gradientNorm", 0.0);
      assertThat(report.metrics()).doesNotContainKey("kl");
    }
  }

  @Test
  void theDivergenceAlonePullsThePolicyBack() {
    DiffusionPolicy.Options options = DiffusionPolicy.Options.lora().withLearningRate(0.01);
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora, options);
        Rollout rollout = rollout()) {
      GradientCheck.perturb(policy, Seed.of(5), 0.2);
      try (Dpok dpok =
          new Dpok(policy, ONE_UPDATE.withWeights(0, 1).withUpdates(1, 12, 12), Seed.of(4))) {
        double first = dpok.step(rollout, REWARDS).metrics().getOrDefault("kl", 0.0);
        double last = first;
        for (int i = 0; i < 5; i++) {
          last = dpok.step(rollout, REWARDS).metrics().getOrDefault("kl", 0.0);
        }
        assertThat(last).isLessThan(0.9 * first);
      }
    }
  }

  @Test
  void theBaselineIsTakenFromTheReward() {
    Dpok.ValueOptions value = new Dpok.ValueOptions(16, 0.01, 0, 60, 12);
    try (Rollout rollout = rollout();
        Dpok dpok =
            new Dpok(
                still,
                ONE_UPDATE.withValue(Optional.of(value)).withUpdates(1, 12, 6),
                Seed.of(4))) {
      double mean = REWARDS.mean().orElseThrow();
      StepReport report = dpok.step(rollout, REWARDS);
      // Sixty updates know at least the mean reward of the transitions that they have seen.
      assertThat(report.metrics().get("advantage")).isBetween(-0.5 * mean, 0.5 * mean);
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
            .withValue(Optional.of(new Dpok.ValueOptions(8, 1e-3, 0.01, 2, 6)))
            .withUpdates(2, 6, 6);
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
        Checkpoints.assertSame(
            folder.resolve("two").resolve("policy"), folder.resolve("again").resolve("policy"));
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
        Dpok dpok = new Dpok(full, ONE_UPDATE.withUpdates(2, 6, 6), Seed.of(4))) {
      assertThat(dpok.step(rollout, REWARDS).metrics()).containsKey("kl");
      // No way from itself before the first update, and some after it.
      assertThat(dpok.step(rollout, REWARDS).metrics().get("kl")).isPositive();
    }
  }
}

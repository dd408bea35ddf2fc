package org.tastemaker.optim.nft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.SchedulerKind;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.likelihood.PretrainingData;
import org.tastemaker.optim.policy.DiffusionPolicy;

class DiffusionNftTest {
  private static final Rewards REWARDS = Rewards.of(0.3, 0.2, 1, 0.5);
  private static final DiffusionNft.Options OPTIONS =
      DiffusionNft.Options.defaults().withNoisings(3).withMicroBatch(4);

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));

  @AfterEach
  void close() {
    lora.close();
    model.close();
  }

  private static Rollout rollout(DiffusionNft nft) {
    return nft.sampler().rollout(TinyModel.prompts(4), Seed.of(3));
  }

  private static double loss(StepReport report) {
    return report.metrics().getOrDefault("loss", Double.NaN);
  }

  /** The contrast's own gradient is checked by hand, in ContrastTest: its weights are constants. */
  @Test
  void theGradientOfThePenaltyIsThatOfItsLoss() {
    try (DiffusionPolicy still = Policies.still(model, lora)) {
      GradientCheck.perturb(still, Seed.of(5), 0.3);
      try (Rollout rollout = still.sampler().rollout(TinyModel.prompts(4), Seed.of(3))) {
        StepReport unused = penaltyAlone(still, rollout);
        Map<String, float[]> gradient = GradientCheck.gradientOf(still);
        GradientCheck.assertGradient(
            still, gradient, () -> loss(penaltyAlone(still, rollout)), 0.02, 5e-3);
      }
    }
  }

  /** A first step whose contrast weighs next to nothing, always with the same draws. */
  private static StepReport penaltyAlone(DiffusionPolicy still, Rollout rollout) {
    try (DiffusionNft nft =
        new DiffusionNft(still, OPTIONS.withPenalty(1).withAdvantageClip(1e-9), Seed.of(4))) {
      return nft.step(rollout, REWARDS);
    }
  }

  @Test
  void theGradientOfThePreservationIsThatOfTheDistanceOnItsImages() {
    PretrainingData kept =
        PretrainingData.drawnBy(model::endpoints, TinyModel.prompts(3), Seed.of(8));
    try (DiffusionPolicy still = Policies.still(model, lora)) {
      GradientCheck.perturb(still, Seed.of(5), 0.3);
      try (Rollout rollout = still.sampler().rollout(TinyModel.prompts(4), Seed.of(3))) {
        StepReport unused = preservationAlone(still, kept, rollout);
        Map<String, float[]> gradient = GradientCheck.gradientOf(still);
        GradientCheck.assertGradient(
            still,
            gradient,
            () ->
                preservationAlone(still, kept, rollout)
                    .metrics()
                    .getOrDefault("preservedDistance", Double.NaN),
            0.02,
            5e-3);
      }
    }
  }

  /** A first step whose other terms weigh next to nothing, always with the same draws. */
  private static StepReport preservationAlone(
      DiffusionPolicy still, PretrainingData kept, Rollout rollout) {
    DiffusionNft.Options alone =
        OPTIONS
            .withPenalty(0)
            .withAdvantageClip(1e-9)
            .withPreservation(1)
            .withPreservedBatch(6); // more than a micro-batch
    try (DiffusionNft nft = new DiffusionNft(still, kept, alone, Seed.of(4))) {
      return nft.step(rollout, REWARDS);
    }
  }

  @Test
  void whatIsPreservedStaysNearerToTheBaseModel() {
    PretrainingData kept =
        PretrainingData.drawnBy(model::endpoints, TinyModel.prompts(3), Seed.of(8));
    assertThat(distanceAfterTraining(kept, 1000)).isLessThan(distanceAfterTraining(kept, 1e-9) / 2);
  }

  /** As it is on the preserved images at the beginning of the last of some steps. */
  private double distanceAfterTraining(PretrainingData kept, double weight) {
    DiffusionNft.Options options = OPTIONS.withPreservation(weight).withPreservedBatch(8);
    try (Lora fresh = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, fresh, DiffusionPolicy.Options.lora().withLearningRate(1e-2));
        DiffusionNft nft = new DiffusionNft(policy, kept, options, Seed.of(4))) {
      double distance = Double.NaN;
      for (int step = 0; step < 6; step++) {
        try (Rollout rollout = rollout(nft)) {
          distance =
              nft.step(rollout, REWARDS).metrics().getOrDefault("preservedDistance", Double.NaN);
        }
      }
      return distance;
    }
  }

  @Test
  void aWeightWithoutImagesToPreserveIsRefused() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      assertThatThrownBy(() -> new DiffusionNft(policy, OPTIONS.withPreservation(2), Seed.of(4)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "preservation is 2.0, but there are no images to keep the model by: give some and a weight above 0, or neither");
      PretrainingData kept =
          PretrainingData.drawnBy(model::endpoints, TinyModel.prompts(3), Seed.of(8));
      assertThatThrownBy(() -> new DiffusionNft(policy, kept, OPTIONS, Seed.of(4)))
          .hasMessageContaining("preservation is 0.0, but there are images");
    }
  }

  @Test
  void imagesAreMadeByTheOldPolicyUntilItFollows() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        DiffusionNft nft =
            new DiffusionNft(policy, OPTIONS.withOldPolicy(new OldPolicy(0, 1, 1)), Seed.of(4))) {
      FloatBuffer before;
      try (Rollout first = rollout(nft)) {
        before = copy(first);
        StepReport unused = nft.step(first, REWARDS); // round 0 keeps 0: it follows
      }
      try (Rollout second = rollout(nft)) {
        assertThat(copy(second)).isNotEqualTo(before);
        FloatBuffer then = copy(second);
        StepReport report = nft.step(second, REWARDS); // round 1 keeps 1: it stays
        assertThat(report.metrics()).containsEntry("oldPolicyKept", 1.0);
        try (Rollout third = rollout(nft)) {
          assertThat(copy(third)).isEqualTo(then);
        }
      }
    }
  }

  private static FloatBuffer copy(Rollout rollout) {
    return FloatBuffer.wrap(rollout.latents().dup().data().asFloat());
  }

  @Test
  void aRolloutIsTheGeneratorsImagesAndTheirLastLatents() {
    LatentDiffusion view = model.with(SchedulerKind.DPM_SOLVER_MULTISTEP);
    try (DiffusionPolicy policy = DiffusionPolicy.lora(view, lora);
        DiffusionNft nft = new DiffusionNft(policy, OPTIONS, Seed.of(4));
        Rollout rollout = rollout(nft)) {
      assertThat(rollout.steps()).isEqualTo(1);
      assertThat(rollout.images())
          .isEqualTo(view.generate(TinyModel.prompts(4), Seed.of(3).splits(4)));
      assertThat(rollout.logProbabilities().getDouble(0, 0)).isNaN();
      try (var last = rollout.latents().slice(1).dup()) {
        assertThat(view.decode(last)).isEqualTo(rollout.images());
      }
    }
  }

  @Test
  void rolloutsWithATrajectoryAreLearnedFromToo() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        DiffusionNft nft = new DiffusionNft(policy, OPTIONS, Seed.of(4));
        Rollout rollout = policy.sampler().rollout(TinyModel.prompts(4), Seed.of(3))) {
      assertThat(nft.step(rollout, REWARDS).skippedReason()).isNull();
      assertThat(policy.updates()).isEqualTo(1);
    }
  }

  @Test
  void imagesWithoutARewardAreLeftOut() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        DiffusionNft nft = new DiffusionNft(policy, OPTIONS, Seed.of(4));
        Rollout rollout = rollout(nft)) {
      StepReport report =
          nft.step(
              rollout,
              new Rewards(
                  List.of(
                      OptionalDouble.of(1), // of the same prompt as the last one
                      OptionalDouble.empty(),
                      OptionalDouble.empty(),
                      OptionalDouble.of(0))));
      assertThat(report.metrics()).containsEntry("presentRewards", 2.0);
      assertThat(policy.updates()).isEqualTo(1);
    }
  }

  @Test
  void equalRewardsChangeNothing() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        DiffusionNft nft = new DiffusionNft(policy, OPTIONS, Seed.of(4));
        Rollout rollout = rollout(nft)) {
      StepReport report = nft.step(rollout, Rewards.of(2, 2, 2, 2));
      assertThat(report.skippedReason()).contains("all 4 rewards are equal");
      assertThat(policy.updates()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRestoredRunGoesOnBitForBit(boolean fullWeights, @TempDir Path folder) throws IOException {
    Path saved = Files.createDirectory(folder.resolve("saved"));
    Path whole = Files.createDirectory(folder.resolve("whole"));
    Path resumed = Files.createDirectory(folder.resolve("resumed"));
    run(fullWeights, null, 1, saved);
    run(fullWeights, null, 2, whole);
    run(fullWeights, saved, 1, resumed);
    Checkpoints.assertSame(whole, resumed);
  }

  private static void run(boolean fullWeights, @Nullable Path from, int rounds, Path to) {
    try (LatentDiffusion own = TinyModel.create(Seed.of(1));
        Lora adapter = TinyModel.lora(own, Seed.of(2));
        DiffusionPolicy policy =
            fullWeights ? DiffusionPolicy.fullWeights(own) : DiffusionPolicy.lora(own, adapter);
        DiffusionNft nft =
            new DiffusionNft(
                policy, OPTIONS.withOldPolicy(new OldPolicy(0, 0.5, 0.9)), Seed.of(4))) {
      long done = 0;
      if (from != null) {
        assertThat(nft.restore(from)).isEmpty();
        done = 1;
      }
      for (int i = 0; i < rounds; i++) {
        try (Rollout rollout =
            nft.sampler().rollout(TinyModel.prompts(4), Seed.of(3).split(done + i))) {
          StepReport unused = nft.step(rollout, REWARDS);
        }
      }
      nft.save(to);
    }
  }

  @Test
  void eachRoundIsSampledAsItIsAsked() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        DiffusionNft nft = new DiffusionNft(policy, OPTIONS, Seed.of(4))) {
      List<Long> asked = new ArrayList<>();
      DiffusionSampler inTurn =
          nft.sampler(
              round -> {
                asked.add(round);
                return model.options().withSteps(round == 2 ? 3 : 2);
              });
      List<Integer> lastTimesteps = new ArrayList<>(); // trajectories have their ends alone
      for (int i = 0; i < 3; i++) {
        try (Rollout rollout = inTurn.rollout(TinyModel.prompts(4), Seed.of(3))) {
          lastTimesteps.addAll(rollout.timesteps());
          StepReport unused = nft.step(rollout, REWARDS);
        }
      }
      assertThat(asked).containsExactly(1L, 2L, 3L);
      assertThat(lastTimesteps).hasSize(3);
      assertThat(lastTimesteps.get(1)).isNotEqualTo(lastTimesteps.get(0));
      assertThat(lastTimesteps.get(2)).isEqualTo(lastTimesteps.get(0));
    }
  }

  @Test
  void aDamagedOldPolicyIsRefusedAndNothingChanges(@TempDir Path folder) {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        DiffusionNft nft = new DiffusionNft(policy, OPTIONS, Seed.of(4))) {
      nft.save(folder);
      damage(folder.resolve("old.safetensors"));
      try (Rollout rollout = rollout(nft)) {
        StepReport unused = nft.step(rollout, REWARDS);
      }
      float before = first(policy);
      assertThatThrownBy(() -> nft.restore(folder)).hasMessageContaining("is damaged");
      assertThat(first(policy)).isEqualTo(before);
    }
  }

  private static float first(DiffusionPolicy policy) {
    return Objects.requireNonNull(policy.parameters().values().iterator().next()).get(0);
  }

  private static void damage(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length - 1] ^= 1;
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void tooLittleSignalEverywhereIsAnError() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      assertThatThrownBy(() -> new DiffusionNft(policy, OPTIONS.withMinSignal(0.99999), Seed.of(4)))
          .hasMessageContaining("no timestep of the model has more than");
    }
  }
}

package org.tastemaker.optim.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.policy.DiffusionPolicy;

class AdvantageWeightedMatchingTest {
  private static final AdvantageWeightedMatching.Options OPTIONS =
      AdvantageWeightedMatching.Options.defaults().withUpdates(1).withBatch(4).withMicroBatch(4);
  private static final Rewards REWARDS = Rewards.of(0.3, 0.2, 1, 0.5);
  private static final List<Prompt> PROMPT = Collections.nCopies(4, TinyModel.prompts(1).get(0));

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));

  @AfterEach
  void close() {
    lora.close();
    model.close();
  }

  @ParameterizedTest
  @CsvSource({".5, .04, 0.8881026362385962", ".9, .2, 2.3960808986394464"})
  void theHuberWeightIsTheReferenceNumber(double t, double error, double weight) {
    assertThat(MatchingWeight.HUBER.of(error, t)).isCloseTo(weight, within(1e-14));
  }

  @ParameterizedTest
  @EnumSource(MatchingWeight.class)
  void slopesAreThoseOfTheWeights(MatchingWeight weight) {
    double step = 1e-6;
    for (double error : new double[] {0.01, 0.2, 3}) {
      double slope = (weight.of(error + step, 0.7) - weight.of(error - step, 0.7)) / (2 * step);
      assertThat(weight.slope(error, 0.7)).isCloseTo(slope, within(1e-6 * (1 + slope)));
    }
    assertThat(weight.of(0, 0.7)).isCloseTo(0, within(1e-15));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.2, Double.POSITIVE_INFINITY})
  void onThePolicyThatSampledTheSlopeIsThatOfTheAdvantageTimesTheWeight(double clip) {
    var options = OPTIONS.withRatioClip(clip).withWeight(MatchingWeight.TIMES_T);
    var loss = AdvantageWeightedMatching.loss(-0.7, 0.3, 0.3, 0.5, options);
    assertThat(loss.slope()).isCloseTo(-0.7 * 0.5, within(1e-15));
    assertThat(loss.clipped()).isFalse();
  }

  @Test
  void aRoundGoesNoFurtherThanTheRatioAllows() {
    // The error of a good image has fallen so far, that of a bad one has risen so far.
    var good = AdvantageWeightedMatching.loss(1, 0.1, 0.5, 0.5, OPTIONS);
    var bad = AdvantageWeightedMatching.loss(-1, 0.9, 0.5, 0.5, OPTIONS);
    assertThat(good.slope()).isZero();
    assertThat(good.value()).isCloseTo(-1.2, within(1e-15));
    assertThat(bad.slope()).isZero();
    assertThat(bad.value()).isCloseTo(0.8, within(1e-15));
    // What went the wrong way is pulled back.
    assertThat(AdvantageWeightedMatching.loss(1, 0.9, 0.5, 0.5, OPTIONS).slope()).isPositive();
  }

  @Test
  void theGradientIsThatOfTheLoss() {
    try (DiffusionPolicy still = Policies.still(model, lora)) {
      GradientCheck.perturb(still, Seed.of(5), 0.3);
      try (Rollout rollout = still.sampler().rollout(PROMPT, Seed.of(3))) {
        StepReport unused = unbounded(still, rollout);
        Map<String, float[]> gradient = GradientCheck.gradientOf(still);
        GradientCheck.assertGradient(
            still,
            gradient,
            () -> unbounded(still, rollout).metrics().getOrDefault("loss", Double.NaN),
            0.02,
            5e-3);
      }
    }
  }

  private static StepReport unbounded(DiffusionPolicy still, Rollout rollout) {
    try (AdvantageWeightedMatching matching =
        new AdvantageWeightedMatching(
            still,
            OPTIONS
                .withRatioClip(Double.POSITIVE_INFINITY)
                .withWeight(MatchingWeight.HUBER)
                .withPenalty(0.3),
            Seed.of(4))) {
      return matching.step(rollout, REWARDS);
    }
  }

  @Test
  void theOldPolicyIsThatOfTheBeginningOfARound() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        AdvantageWeightedMatching matching =
            new AdvantageWeightedMatching(
                policy, OPTIONS.withRatioClip(1e-9).withUpdates(3), Seed.of(4));
        Rollout rollout = policy.sampler().rollout(PROMPT, Seed.of(3))) {
      StepReport first = matching.step(rollout, REWARDS);
      // Ratios differ from 1 by rounding alone at the first update, and by training afterwards.
      assertThat(first.metrics().getOrDefault("clipFraction", 0.0)).isGreaterThan(0.5);
      try (AdvantageWeightedMatching one =
          new AdvantageWeightedMatching(policy, OPTIONS.withRatioClip(1e-4), Seed.of(4))) {
        assertThat(one.step(rollout, REWARDS).metrics()).containsEntry("clipFraction", 0.0);
      }
    }
  }

  @Test
  void aRestoredRunGoesOnBitForBit(@TempDir Path folder) throws IOException {
    Path saved = Files.createDirectory(folder.resolve("saved"));
    Path whole = Files.createDirectory(folder.resolve("whole"));
    Path resumed = Files.createDirectory(folder.resolve("resumed"));
    run(null, 1, saved);
    run(null, 2, whole);
    run(saved, 1, resumed);
    Checkpoints.assertSame(whole, resumed);
  }

  private static void run(@Nullable Path from, int rounds, Path to) {
    try (LatentDiffusion own = TinyModel.create(Seed.of(1));
        Lora adapter = TinyModel.lora(own, Seed.of(2));
        DiffusionPolicy policy = DiffusionPolicy.lora(own, adapter);
        AdvantageWeightedMatching matching =
            new AdvantageWeightedMatching(policy, OPTIONS.withUpdates(2), Seed.of(4))) {
      int done = 0;
      if (from != null) {
        assertThat(matching.restore(from)).isEmpty();
        done = 1;
      }
      for (int i = 0; i < rounds; i++) {
        try (Rollout rollout = policy.sampler().rollout(PROMPT, Seed.of(3).split(done + i))) {
          StepReport unused = matching.step(rollout, REWARDS);
        }
      }
      matching.save(to);
    }
  }
}

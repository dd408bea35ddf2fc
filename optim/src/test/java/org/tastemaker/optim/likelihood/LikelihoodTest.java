package org.tastemaker.optim.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;

class LikelihoodTest {
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

  private Rollout rollout() {
    return model.rollout(TinyModel.prompts(4), Seed.of(3));
  }

  private static PretrainingData pretraining() {
    return PretrainingData.of(
        IntStream.range(0, 5)
            .mapToObj(
                i -> {
                  float[] latents = new float[64];
                  Seed.of(20 + i).gaussian(0, latents);
                  return new PretrainingData.Captioned(FloatBuffer.wrap(latents), "a green bird");
                })
            .toList(),
        Seed.of(6));
  }

  private Map<String, Double> rewardWeighted(double beta, Rollout rollout) {
    return new RewardWeightedLikelihood(
            still,
            pretraining(),
            RewardWeightedLikelihood.Options.defaults()
                .withPretrainingWeight(beta)
                .withUpdates(1)
                .withBatch(4)
                .withPretrainingBatch(3)
                .withMicroBatch(4),
            Seed.of(4))
        .step(rollout, REWARDS)
        .metrics();
  }

  @Test
  void theGradientOfRewardWeightedLikelihoodIsThatOfBothTerms() {
    GradientCheck.perturb(still, Seed.of(5), 0.3);
    try (Rollout rollout = rollout()) {
      Map<String, Double> unused = rewardWeighted(0.5, rollout);
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () -> rewardWeighted(0.5, rollout).getOrDefault("loss", 0.0),
          0.02,
          5e-3);
    }
  }

  @Test
  void betaWeighsTheMeanErrorOfThePreTrainingData() {
    try (Rollout rollout = rollout()) {
      double none = rewardWeighted(0, rollout).getOrDefault("loss", 0.0);
      double one = rewardWeighted(1, rollout).getOrDefault("loss", 0.0);
      double three = rewardWeighted(3, rollout).getOrDefault("loss", 0.0);
      // The same draws; without the second term micro-batches differ, by float rounding.
      assertThat(three - none).isCloseTo(3 * (one - none), within(1e-5));
      assertThat(one).isGreaterThan(none);
    }
  }

  @Test
  void aPreTrainingTermWithoutDataIsAnError() {
    assertThatThrownBy(
            () ->
                new RewardWeightedLikelihood(
                    still, null, RewardWeightedLikelihood.Options.defaults(), Seed.of(4)))
        .hasMessage(
            "the pre-training term has the weight 0.5 but no data: give some, or set the weight"
                + " to 0");
  }

  private double[] weights(Rwr.Options options, Rollout rollout, Rewards rewards) {
    return new Rwr(still, options, Seed.of(4)).weights(RewardedImages.of(rollout, rewards));
  }

  @Test
  void exponentialWeightsHaveTheRatiosOfTheRewardsAndTheMeanOne() {
    try (Rollout rollout = rollout()) {
      double[] w =
          weights(Rwr.Options.exponential().withBeta(2), rollout, Rewards.of(1000, 1001, 999, 0));
      assertThat(w[1] / w[0]).isCloseTo(Math.exp(2), within(1e-12));
      assertThat(w[0] / w[2]).isCloseTo(Math.exp(2), within(1e-12));
      assertThat(w[3]).isZero(); // exp(-2000)
      assertThat(Arrays.stream(w).sum()).isCloseTo(4, within(1e-12));
    }
  }

  @Test
  void sparseWeightsKeepTheBestOfEachPrompt() {
    try (Rollout rollout = model.rollout(TinyModel.prompts(6), Seed.of(3))) { // 3 prompts twice
      assertThat(weights(Rwr.Options.bestOfN(), rollout, Rewards.of(1, 2, 3, 4, 1, 3)))
          .containsExactly(0, 1, 1, 1, 0, 1); // equal ones are both the best
    }
  }

  @Test
  void theQuantileIsLinearBetweenNeighbours() {
    List<Double> values = List.of(4.0, 1.0, 3.0, 2.0);
    assertThat(Rwr.quantile(values, 0.9)).isCloseTo(3.7, within(1e-12)); // numpy.percentile
    assertThat(Rwr.quantile(values, 1)).isEqualTo(4);
    assertThat(Rwr.quantile(values, 0)).isEqualTo(1);
  }

  @Test
  void theGradientOfRwrIsThatOfItsLoss() {
    GradientCheck.perturb(still, Seed.of(5), 0.3);
    Rwr.Options options = Rwr.Options.exponential().withUpdates(1).withBatch(4).withMicroBatch(3);
    try (Rollout rollout = rollout()) {
      Map<String, Double> unused =
          new Rwr(still, options, Seed.of(4)).step(rollout, REWARDS).metrics();
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () ->
              new Rwr(still, options, Seed.of(4))
                  .step(rollout, REWARDS)
                  .metrics()
                  .getOrDefault("loss", 0.0),
          0.02,
          5e-3);
    }
  }

  @Test
  void likelihoodNeedsNoNoiseInItsSampler() {
    // A rollout of its own kind, trained on with a deterministic policy: no step's likelihood is
    // asked for.
    try (DiffusionPolicy deterministic =
            DiffusionPolicy.lora(model.with(model.options().withEta(0)), lora);
        Rollout rollout = rollout()) {
      Rwr rwr =
          new Rwr(
              deterministic,
              Rwr.Options.bestOfN().withUpdates(2).withBatch(4).withMicroBatch(4),
              Seed.of(4));
      assertThat(rwr.step(rollout, REWARDS).metrics()).containsEntry("updates", 2.0);
    }
  }

  @Test
  void equalRewardsMoveNothingAndSaySo() {
    try (Rollout rollout = rollout()) {
      for (PolicyOptimizer optimizer :
          List.of(
              new Rwr(still, Rwr.Options.sparse(), Seed.of(4)),
              new RewardWeightedLikelihood(
                  still, pretraining(), RewardWeightedLikelihood.Options.defaults(), Seed.of(4)))) {
        assertThat(optimizer.step(rollout, Rewards.of(1, 1, 1, 1)).skippedReason())
            .startsWith("all 4 rewards are equal");
      }
      assertThat(still.updates()).isZero();
    }
  }

  @Test
  void aResumedRunGoesOnBitForBit(@TempDir Path folder) throws IOException {
    RewardWeightedLikelihood.Options options =
        RewardWeightedLikelihood.Options.defaults()
            .withUpdates(2)
            .withBatch(2)
            .withPretrainingBatch(2)
            .withMicroBatch(4);
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = rollout()) {
      PolicyOptimizer one =
          new RewardWeightedLikelihood(policy, pretraining(), options, Seed.of(4));
      var first = one.step(rollout, REWARDS);
      assertThat(first.step()).isEqualTo(1);
      one.save(Files.createDirectory(folder.resolve("one")));
      var second = one.step(rollout, REWARDS);
      one.save(Files.createDirectory(folder.resolve("two")));
      PolicyOptimizer again =
          new RewardWeightedLikelihood(policy, pretraining(), options, Seed.of(4));
      again.restore(folder.resolve("one"));
      assertThat(again.step(rollout, REWARDS)).isEqualTo(second);
      again.save(Files.createDirectory(folder.resolve("again")));
      Checkpoints.assertSame(folder.resolve("two"), folder.resolve("again"));
    }
  }

  @Test
  void bestOfNTakesTheImageWithTheHighestReward() {
    List<org.tastemaker.core.Prompt> prompts = TinyModel.prompts(2);
    List<Seed> seeds = Seed.of(9).splits(2);
    BestOfN best =
        BestOfN.of(
            model,
            (rollout, judgements) ->
                new Rewards(
                    List.of(
                        OptionalDouble.of(1),
                        OptionalDouble.empty(),
                        OptionalDouble.of(2),
                        OptionalDouble.of(1))),
            4);
    for (int i = 0; i < 2; i++) {
      try (Rollout candidates =
          model.rollout(java.util.Collections.nCopies(4, prompts.get(i)), seeds.get(i).splits(4))) {
        assertThat(best.generate(prompts, seeds).get(i)).isEqualTo(candidates.images().get(2));
      }
    }
  }

  @Test
  void withoutAnyRewardTheFirstOfNIsTaken() {
    BestOfN best =
        BestOfN.of(
            model,
            (rollout, judgements) ->
                new Rewards(List.of(OptionalDouble.empty(), OptionalDouble.empty())),
            2);
    try (Rollout candidates = model.rollout(TinyModel.prompts(1), List.of(Seed.of(9).split(0)))) {
      assertThat(best.generate(TinyModel.prompts(1), List.of(Seed.of(9))))
          .hasSameSizeAs(candidates.images());
    }
  }
}

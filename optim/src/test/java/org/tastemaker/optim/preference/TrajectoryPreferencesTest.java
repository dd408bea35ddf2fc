package org.tastemaker.optim.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.RewardModel;
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

/** The methods that learn from pairs of denoising steps. */
class TrajectoryPreferencesTest {
  private static final Rewards REWARDS = Rewards.of(0.3, 0.2, 1);

  /** The mean of an image's red values. */
  private static final RewardModel RED =
      (rollout, judgements) -> {
        assertThat(judgements).isEmpty();
        return new Rewards(
            rollout.images().stream().map(image -> OptionalDouble.of(red(image))).toList());
      };

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final DiffusionPolicy still = Policies.still(model, lora);

  @AfterEach
  void close() {
    still.close();
    lora.close();
    model.close();
  }

  private static double red(Image image) {
    double sum = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        sum += image.get(0, y, x);
      }
    }
    return sum / image.height() / image.width();
  }

  private Rollout rollout(LatentDiffusion sampler) {
    return sampler.rollout(Collections.nCopies(3, TinyModel.prompts(1).get(0)), Seed.of(3));
  }

  private static D3po d3po(DiffusionPolicy policy, int updates) {
    return new D3po(
        policy,
        D3po.Options.defaults()
            .withBeta(3)
            .withClipRange(0.9)
            .withUpdates(updates)
            .withBatch(9)
            .withMicroBatch(5),
        Seed.of(4));
  }

  private static Spo.Options spoOptions() {
    return Spo.Options.defaults()
        .withBeta(3)
        .withClipRange(0.9)
        .withCandidates(3)
        .withFirstStep(1)
        .withGap(0)
        .withScale(100)
        .withUpdates(1)
        .withBatch(6)
        .withMicroBatch(4);
  }

  private static double loss(StepReport report) {
    return report.metrics().getOrDefault("loss", Double.NaN);
  }

  @Test
  void theGradientOfD3poIsThatOfItsLoss() {
    try (Rollout rollout = rollout(still.sampler())) {
      GradientCheck.perturb(still, Seed.of(5), 0.1);
      StepReport unused = d3po(still, 1).step(rollout, REWARDS);
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () -> loss(d3po(still, 1).step(rollout, REWARDS)),
          0.01,
          5e-3);
    }
  }

  @Test
  void onTheReferenceItselfEveryRatioIsOne() {
    try (Rollout rollout = rollout(still.sampler())) {
      StepReport report = d3po(still, 1).step(rollout, REWARDS);
      assertThat(loss(report)).isCloseTo(Math.log(2), within(1e-5));
      assertThat(report.metrics().getOrDefault("logRatioWinner", 1.0)).isCloseTo(0, within(1e-5));
      assertThat(report.metrics()).containsEntry("clampedShare", 0.0);
    }
  }

  @Test
  void stepsOutsideOfTheRangeAreCountedAndHaveNoGradient() {
    try (Rollout rollout = rollout(still.sampler())) {
      GradientCheck.perturb(still, Seed.of(5), 3);
      D3po narrow =
          new D3po(
              still,
              D3po.Options.defaults()
                  .withClipRange(1e-9)
                  .withUpdates(1)
                  .withBatch(9)
                  .withMicroBatch(6),
              Seed.of(4));
      StepReport report = narrow.step(rollout, REWARDS);
      assertThat(report.metrics())
          .containsEntry("clampedShare", 1.0)
          .containsEntry("gradientNorm", 0.0);
    }
  }

  @Test
  void aFractionOfTheStepsIsTrainedOn() {
    try (Rollout rollout = rollout(still.sampler())) {
      GradientCheck.perturb(still, Seed.of(5), 0.1);
      D3po.Options options =
          D3po.Options.defaults().withUpdates(1).withBatch(100).withMicroBatch(4);
      StepReport all = new D3po(still, options, Seed.of(4)).step(rollout, REWARDS);
      StepReport some =
          new D3po(still, options.withTimestepFraction(0.4), Seed.of(4)).step(rollout, REWARDS);
      assertThat(all.skippedReason()).isNull();
      assertThat(some.skippedReason()).isNull();
      assertThat(some.metrics().get("logRatioLoser"))
          .isNotEqualTo(all.metrics().get("logRatioLoser"));
    }
  }

  @Test
  void theGradientOfSpoIsThatOfItsLoss() {
    // Candidates are drawn from the policy: the pairs are made once, and the loss is of them.
    try (Rollout rollout = rollout(still.sampler())) {
      List<StepPair> pairs = new ArrayList<>();
      Spo spo = new Spo(still, RED, spoOptions(), Seed.of(4));
      spo.addPairs(rollout, Seed.of(6), pairs);
      assertThat(pairs).hasSize(6); // two steps of three images
      GradientCheck.perturb(still, Seed.of(5), 0.1);
      StepReport unused =
          spo.learn(java.util.Map.of(), update -> spo.updates(pairs, Seed.of(7), update));
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () ->
              loss(spo.learn(java.util.Map.of(), update -> spo.updates(pairs, Seed.of(7), update))),
          0.01,
          5e-3);
    }
  }

  @Test
  void candidatesAreDrawnFromOneLatentAndTheRecordedOneIsAmongThem() {
    try (Rollout rollout = rollout(still.sampler())) {
      List<StepPair> pairs = new ArrayList<>();
      new Spo(still, RED, spoOptions(), Seed.of(4)).addPairs(rollout, Seed.of(6), pairs);
      int recorded = 0;
      for (StepPair pair : pairs) {
        assertThat(pair.winner().latents().get(pair.step()))
            .isEqualTo(pair.loser().latents().get(pair.step()));
        assertThat(pair.winner().latents().get(pair.step() + 1))
            .isNotEqualTo(pair.loser().latents().get(pair.step() + 1));
        var own = still.trajectories(rollout).get(pair.image()).latents().get(pair.step() + 1);
        recorded +=
            pair.winner().latents().get(pair.step() + 1).equals(own)
                    || pair.loser().latents().get(pair.step() + 1).equals(own)
                ? 1
                : 0;
      }
      // Best and worst of three: the recorded one is neither in a third of the cases.
      assertThat(recorded).isBetween(1, pairs.size());
    }
  }

  @Test
  void theWinnersCleanImageScoresHigherAtTheLastStep() {
    try (Rollout rollout = rollout(still.sampler())) {
      List<StepPair> pairs = new ArrayList<>();
      new Spo(still, RED, spoOptions().withFirstStep(2), Seed.of(4))
          .addPairs(rollout, Seed.of(6), pairs);
      assertThat(pairs).hasSize(3);
      for (StepPair pair : pairs) {
        List<OptionalDouble> scores =
            CleanScores.of(
                model,
                RED,
                List.of(pair.winner(), pair.loser()),
                List.of(pair.winner().latents().get(3), pair.loser().latents().get(3)));
        assertThat(scores.get(0).getAsDouble()).isGreaterThan(scores.get(1).getAsDouble());
      }
    }
  }

  @Test
  void stepsWhoseCandidatesAreAlikeAreLeftOut() {
    RewardModel same =
        (rollout, judgements) ->
            new Rewards(Collections.nCopies(rollout.size(), OptionalDouble.of(1)));
    RewardModel missing =
        (rollout, judgements) ->
            new Rewards(Collections.nCopies(rollout.size(), OptionalDouble.empty()));
    try (Rollout rollout = rollout(still.sampler())) {
      for (RewardModel scorer : List.of(same, missing)) {
        StepReport report = new Spo(still, scorer, spoOptions(), Seed.of(4)).step(rollout, REWARDS);
        assertThat(report.skippedReason())
            .isEqualTo("no step has two candidates whose scores differ enough");
        assertThat(report.metrics()).containsEntry("keptShare", 0.0);
      }
      StepReport wide =
          new Spo(still, RED, spoOptions().withGap(0.999999).withScale(1e-6), Seed.of(4))
              .step(rollout, REWARDS);
      assertThat(wide.skippedReason()).isNotNull();
    }
  }

  @Test
  void aFirstStepBeyondTheLastIsAnError() {
    try (Rollout rollout = rollout(still.sampler())) {
      Spo spo = new Spo(still, RED, spoOptions().withFirstStep(3), Seed.of(4));
      assertThatThrownBy(() -> spo.step(rollout, REWARDS))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "firstStep is 3, but the rollout has 3 steps: there is none to compare candidates"
                  + " at");
    }
  }

  @Test
  void resumedRunsGoOnBitForBit(@TempDir Path folder) throws IOException {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = rollout(policy.sampler())) {
      int n = 0;
      for (boolean spo : new boolean[] {false, true}) {
        Path own = Files.createDirectory(folder.resolve("run" + n++));
        PolicyOptimizer one = optimizer(policy, spo);
        StepReport first = one.step(rollout, REWARDS);
        assertThat(first.skippedReason()).isNull();
        one.save(Files.createDirectory(own.resolve("one")));
        StepReport second = one.step(rollout, REWARDS);
        one.save(Files.createDirectory(own.resolve("two")));
        PolicyOptimizer again = optimizer(policy, spo);
        assertThat(again.restore(own.resolve("one"))).isEmpty();
        assertThat(again.step(rollout, REWARDS)).isEqualTo(second);
        again.save(Files.createDirectory(own.resolve("again")));
        Checkpoints.assertSame(own.resolve("two"), own.resolve("again"));
      }
    }
  }

  private static PolicyOptimizer optimizer(DiffusionPolicy policy, boolean spo) {
    return spo ? new Spo(policy, RED, spoOptions(), Seed.of(4)) : d3po(policy, 2);
  }

  @Test
  void aDeterministicPolicyIsRefused() {
    try (DiffusionPolicy deterministic =
        DiffusionPolicy.lora(model.with(model.options().withEta(0)), lora)) {
      assertThatThrownBy(() -> d3po(deterministic, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("eta");
      assertThatThrownBy(() -> new Spo(deterministic, RED, spoOptions(), Seed.of(4)))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void optionsOutOfTheirRangeAreErrors() {
    D3po.Options d3po = D3po.Options.defaults();
    assertThatThrownBy(() -> d3po.withClipRange(1)).hasMessageContaining("clipRange");
    assertThatThrownBy(() -> d3po.withTimestepFraction(0)).hasMessageContaining("timestep");
    assertThatThrownBy(() -> d3po.withMicroBatch(1)).hasMessageContaining("microBatch");
    Spo.Options spo = Spo.Options.defaults();
    assertThatThrownBy(() -> spo.withCandidates(1)).hasMessageContaining("candidates");
    assertThatThrownBy(() -> spo.withGap(1)).hasMessageContaining("gap");
    assertThatThrownBy(() -> spo.withScale(0)).hasMessageContaining("scale");
    assertThatThrownBy(() -> spo.withFirstStep(-1)).hasMessageContaining("firstStep");
  }
}

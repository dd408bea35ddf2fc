package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.DenoisingRange;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.dpok.Dpok;
import org.tastemaker.optim.grpo.Grpo;
import org.tastemaker.optim.grpo.SdeWindow;

/** A LoRA that is active in two of five steps: at 601 and 401, of 801, 601, 401, 201 and 1. */
class RangedPolicyTest {
  private static final DenoisingRange MIDDLE = new DenoisingRange(0.3, 0.7);
  private static final StepWindow ACTIVE = new StepWindow(1, 3);

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final LatentDiffusion view = model.with(model.options().withSteps(5)).with(MIDDLE);
  private final DiffusionPolicy policy = Policies.still(view, lora);

  @AfterEach
  void close() {
    policy.close();
    lora.close();
    model.close();
  }

  private Rollout rollout() {
    return policy.sampler().rollout(TinyModel.prompts(4), Seed.of(3));
  }

  @Test
  void theStepsThatCanBeTrainedAreThoseOfTheRange() {
    assertThat(policy.activeSteps()).isEqualTo(ACTIVE);
    try (DiffusionPolicy everywhere = Policies.still(model, lora)) {
      assertThat(everywhere.activeSteps()).isEqualTo(new StepWindow(0, 3));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 3})
  void rowsInsideAndOutsideOfTheRangeGoThroughTheNetworkThatSampledThem(double guidance) {
    GradientCheck.perturb(policy, Seed.of(5), 0.3);
    try (DiffusionPolicy guided =
            Policies.still(view.with(view.options().withGuidanceScale(guidance)), lora);
        Rollout rollout = guided.sampler().rollout(TinyModel.prompts(4), Seed.of(3))) {
      Transitions transitions = guided.transitions(rollout, 5);
      transitions.forward(new int[] {0, 1, 2, 3, 0}, new int[] {0, 1, 2, 3, 4});
      double[] now = transitions.logProbabilities();
      double[] old = transitions.recordedLogProbabilities();
      double[] kl = transitions.kl(KlForm.EXACT);
      for (int n = 0; n < 5; n++) {
        assertThat(now[n]).isCloseTo(old[n], within(1e-5)); // other batches: float rounding
        assertThat(kl[n] > 1e-9).isEqualTo(ACTIVE.contains(n)); // the reference has no adapter
      }
    }
  }

  @Test
  void theGradientIsThatOfTheRowsInsideOfTheRange() {
    GradientCheck.perturb(policy, Seed.of(5), 0.3);
    try (Rollout rollout = rollout()) {
      Transitions transitions = policy.transitions(rollout, 3);
      int[][] steps = {{0, 1, 2}, {2, 3, 1}, {3, 4, 0}};
      policy.begin();
      for (int[] some : steps) {
        transitions.forward(new int[] {0, 1, 2}, some);
        transitions.backward(new double[] {0.5, -1, 2}, null);
      }
      Map<String, float[]> gradient = GradientCheck.gradientOf(policy);
      GradientCheck.assertGradient(
          policy,
          gradient,
          () -> {
            double sum = 0;
            for (int[] some : steps) {
              transitions.forward(new int[] {0, 1, 2}, some);
              double[] now = transitions.logProbabilities();
              sum += 0.5 * now[0] - now[1] + 2 * now[2];
            }
            return sum;
          },
          0.01,
          5e-3);
    }
  }

  @Test
  void rowsOutsideOfTheRangeAloneAreAGradientOfZero() {
    GradientCheck.perturb(policy, Seed.of(5), 0.3);
    try (Rollout rollout = rollout()) {
      Transitions transitions = policy.transitions(rollout, 3);
      policy.begin();
      transitions.forward(new int[] {0, 1, 2}, new int[] {0, 3, 4});
      transitions.backward(new double[] {1, 1, 1}, null);
      assertThat(policy.update()).isZero();
      assertThat(policy.updates()).isEqualTo(1);
      assertThatThrownBy(policy::update).hasMessageContaining("a backward comes before an update");
    }
  }

  @Test
  void aChainOfStepsIsGoneThroughBackwardInsideAndOutsideOfTheRange() {
    GradientCheck.perturb(policy, Seed.of(5), 0.3);
    try (Rollout rollout = rollout()) {
      DenoisingChain chain = policy.chain(rollout, 2);
      int[] rows = {0, 3};
      FloatBuffer weights = FloatBuffer.allocate(2 * 64);
      for (int i = 0; i < weights.capacity(); i++) {
        weights.put(i, (float) Math.sin(i));
      }
      policy.begin();
      FloatBuffer unused = chain.forward(rows, 5);
      chain.backward(weights);
      GradientCheck.assertGradient(
          policy,
          GradientCheck.gradientOf(policy),
          () -> {
            FloatBuffer clean = chain.forward(rows, 5);
            double sum = 0;
            for (int i = 0; i < weights.capacity(); i++) {
              sum += weights.get(i) * (double) clean.get(i);
            }
            return sum;
          },
          0.003,
          1e-2);
    }
  }

  @Test
  void noisyLatentsAreDrawnWhereTheAdapterIsActive() {
    GradientCheck.perturb(policy, Seed.of(5), 0.3);
    DenoisingExamples examples = policy.examples(4);
    List<FloatBuffer> clean = Collections.nCopies(4, FloatBuffer.allocate(64));
    List<String> texts = Collections.nCopies(4, "a red cat");
    for (int k = 0; k < 10; k++) {
      examples.forward(clean, texts, Seed.of(6).split(k).splits(4));
      for (double difference : examples.differences()) {
        assertThat(difference).isPositive();
      }
    }
    examples.forward(clean, texts, new int[] {900, 600, 301, 299}, Seed.of(7).splits(4));
    double[] differences = examples.differences();
    assertThat(differences[0]).isZero();
    assertThat(differences[1]).isPositive();
    assertThat(differences[2]).isPositive();
    assertThat(differences[3]).isZero();
  }

  @Test
  void ddpoAndDpokTrainTheStepsOfTheRange() {
    GradientCheck.perturb(policy, Seed.of(5), 0.3);
    try (Rollout rollout = rollout()) {
      GradientCheck.perturb(policy, Seed.of(8), 0.1);
      Ddpo ddpo =
          new Ddpo(
              policy,
              Ddpo.Options.importanceSampling()
                  .withClipRange(10)
                  .withUpdatesPerEpoch(1)
                  .withPromptStatistics(Optional.empty()),
              Seed.of(4));
      // A ratio of exactly 1 would be that of a step that is not trained.
      Map<String, Double> found = ddpo.step(rollout, Rewards.of(1, 2, 3, 4)).metrics();
      assertThat(found.get("loss")).isCloseTo(meanLoss(rollout), within(1e-5));
      Dpok dpok =
          new Dpok(
              policy,
              Dpok.Options.singlePrompt().withUpdates(1).withBatch(100).withMicroBatch(8),
              Seed.of(4));
      try (dpok) {
        assertThat(dpok.step(rollout, Rewards.of(1, 2, 3, 4)).skippedReason()).isNull();
      }
    }
  }

  /** Of DDPO with standardised rewards 1 to 4, over the two active steps. */
  private double meanLoss(Rollout rollout) {
    double std = Math.sqrt(1.25) + 1e-8;
    Transitions transitions = policy.transitions(rollout, 4);
    double loss = 0;
    for (int t = ACTIVE.first(); t < ACTIVE.end(); t++) {
      transitions.forward(new int[] {0, 1, 2, 3}, new int[] {t, t, t, t});
      double[] now = transitions.logProbabilities();
      double[] old = transitions.recordedLogProbabilities();
      for (int i = 0; i < 4; i++) {
        loss -= (i - 1.5) / std * Math.exp(now[i] - old[i]) / 8;
      }
    }
    return loss;
  }

  @Test
  void aWindowOfGrpoIsWithinTheRange() {
    Grpo.Options window =
        Grpo.Options.mixGrpo()
            .withWindow(Optional.of(SdeWindow.progressive().withSize(1).withEvery(1)));
    Grpo grpo = new Grpo(policy, window, Seed.of(4));
    List<Prompt> prompts = Collections.nCopies(3, TinyModel.prompts(1).get(0));
    for (int first : new int[] {1, 2, 1}) {
      try (Rollout rollout = grpo.sampler().rollout(prompts, Seed.of(3))) {
        assertThat(
                IntStream.range(0, 5)
                    .filter(t -> !Float.isNaN(rollout.logProbabilities().getFloat(t, 0))))
            .containsExactly(first);
        assertThat(grpo.step(rollout, Rewards.of(1, 2, 3)).metrics())
            .containsEntry("windowFirst", (double) first);
      }
    }
    assertThatThrownBy(
            () -> new Grpo(policy, window.withWindow(Optional.of(SdeWindow.random(3))), Seed.of(4)))
        .hasMessageContaining("the window holds 3 steps, but of the policy's steps 2 can be");
  }

  @Test
  void allWeightsHaveNoRange() {
    assertThatThrownBy(() -> DiffusionPolicy.fullWeights(view))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("active in [0.3, 0.7) of the denoising, but all weights are trained");
  }

  @Test
  void aRangeWithoutAStepIsAnErrorBeforeAnyWork() {
    try (DiffusionPolicy none = Policies.still(model.with(new DenoisingRange(0.5, 0.55)), lora)) {
      assertThatThrownBy(() -> new Grpo(none, Grpo.Options.danceGrpo(), Seed.of(4)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("none of the 3 denoising steps is in the range [0.5, 0.55)");
    }
  }

  @Test
  void aCheckpointOfAnotherRangeIsAnError(@TempDir Path folder) throws IOException {
    policy.save(Files.createDirectory(folder.resolve("middle")));
    assertThat(policy.restore(folder.resolve("middle"))).isEmpty();
    try (DiffusionPolicy everywhere =
            Policies.still(model.with(view.options()).with(DenoisingRange.ALL), lora);
        DiffusionPolicy early = Policies.still(view.with(DenoisingRange.until(0.7)), lora)) {
      assertThatThrownBy(() -> everywhere.restore(folder.resolve("middle")))
          .hasMessageContaining("adapted.start is 0.3 in the checkpoint and not set now");
      assertThatThrownBy(() -> early.restore(folder.resolve("middle")))
          .hasMessageContaining("adapted.start is 0.3 in the checkpoint and 0.0 now");
    }
  }

  @Test
  void aReplayOfTheSamplerIsTheRolloutsOwn() {
    GradientCheck.perturb(policy, Seed.of(5), 0.3);
    try (Rollout rollout = rollout();
        INDArray replayed = policy.sampler().replay(rollout)) {
      assertThat(replayed.data().asFloat()).isEqualTo(rollout.logProbabilities().data().asFloat());
    }
  }
}

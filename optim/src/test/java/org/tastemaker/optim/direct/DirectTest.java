package org.tastemaker.optim.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.DifferentiableReward.Input;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.policy.DenoisingChain;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.Evaluation;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.optim.run.RunResult;
import org.tastemaker.reward.image.PixelReward;

class DirectTest {
  private static final Clock CLOCK = Clock.systemUTC();

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));

  @AfterEach
  void close() {
    lora.close();
    model.close();
  }

  private enum Method {
    REFL {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, DifferentiableReward reward, Seed seed) {
        // The paper's scale makes gradients so small here that Adam's epsilon slows them down.
        DirectLoss hinge = DirectLoss.hinge(1, 2);
        return new Refl(
            policy, reward, Refl.Options.defaults().withLoss(hinge).withUpdates(2), seed);
      }
    },
    DRAFT {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, DifferentiableReward reward, Seed seed) {
        return new Draft(policy, reward, Draft.Options.lastSteps(2).withUpdates(2), seed);
      }
    },
    DRAFT_LV {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, DifferentiableReward reward, Seed seed) {
        return new Draft(policy, reward, Draft.Options.lowVariance().withUpdates(2), seed);
      }
    },
    ALIGN_PROP {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, DifferentiableReward reward, Seed seed) {
        return new AlignProp(
            policy,
            reward,
            AlignProp.Options.preference().withTruncation(Truncation.uniform(1, 3)).withUpdates(2),
            seed);
      }
    };

    abstract PolicyOptimizer optimizer(
        DiffusionPolicy policy, DifferentiableReward reward, Seed seed);
  }

  /** Scores all the same, and keeps what it was asked. */
  private static final class Watched implements DifferentiableReward {
    final List<Batch> asked = new ArrayList<>();
    private final Input input;
    double score = Double.NaN;

    Watched(Input input) {
      this.input = input;
    }

    @Override
    public Input input() {
      return input;
    }

    @Override
    public double[] score(Batch batch, @Nullable FloatBuffer gradient) {
      asked.add(batch);
      double[] scores = new double[batch.prompts().size()];
      Arrays.fill(scores, score);
      return scores;
    }
  }

  // ---- The chain

  @Test
  void untilThePolicyChangesAChainEndsAtTheRecordedLatents() {
    try (DiffusionPolicy policy = Policies.still(model, lora);
        Rollout rollout = model.rollout(TinyModel.prompts(3), Seed.of(3))) {
      GradientCheck.perturb(policy, Seed.of(5), 0);
      FloatBuffer all = FloatBuffers.of(rollout.latents()); // [4, 3, 4, 4, 4]
      DenoisingChain chain = policy.chain(rollout, 2);
      for (int last = 1; last <= 3; last++) {
        FloatBuffer ends = chain.forward(new int[] {2, 0}, last);
        for (int i = 0; i < 64; i++) {
          // float sums in other batches: some 1e-6 of values of order 1
          assertThat(ends.get(i)).isCloseTo(all.get((3 * 3 + 2) * 64 + i), within(1e-4f));
          assertThat(ends.get(64 + i)).isCloseTo(all.get(3 * 3 * 64 + i), within(1e-4f));
        }
      }
    }
  }

  @Test
  void rowsThatAreNotUsedChangeNothing() {
    try (DiffusionPolicy policy = Policies.still(model, lora);
        Rollout rollout = model.rollout(TinyModel.prompts(3), Seed.of(3))) {
      float[] one = new float[64];
      Arrays.fill(one, 1);
      Map<String, float[]> alone = gradient(policy, rollout, 1, one);
      Map<String, float[]> padded = gradient(policy, rollout, 4, one);
      alone.forEach(
          (name, values) -> {
            for (int i = 0; i < values.length; i++) {
              // float sums over other numbers of rows
              assertThat(Objects.requireNonNull(padded.get(name))[i])
                  .isCloseTo(values[i], within(1e-4f));
            }
          });
    }
  }

  private static Map<String, float[]> gradient(
      DiffusionPolicy policy, Rollout rollout, int microBatch, float[] byResult) {
    DenoisingChain chain = policy.chain(rollout, microBatch);
    policy.begin();
    FloatBuffer unused = chain.forward(new int[] {1}, 3);
    chain.backward(FloatBuffer.wrap(byResult));
    return GradientCheck.gradientOf(policy);
  }

  @Test
  void badRowsAreSaid() {
    try (DiffusionPolicy policy = Policies.still(model, lora);
        Rollout rollout = model.rollout(TinyModel.prompts(3), Seed.of(3))) {
      DenoisingChain chain = policy.chain(rollout, 2);
      assertThatThrownBy(() -> chain.backward(FloatBuffer.allocate(64)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("a forward pass comes before its gradient");
      assertThatThrownBy(() -> chain.forward(new int[] {0, 1, 2}, 1))
          .hasMessage("there must be 1 to 2 rows with an image each, but there were 3");
      assertThatThrownBy(() -> chain.forward(new int[] {0}, 4))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> chain.predictClean(new int[] {3}, 0))
          .isInstanceOf(IndexOutOfBoundsException.class);
      FloatBuffer unused = chain.predictClean(new int[] {0}, 0);
      assertThatThrownBy(() -> chain.backward(FloatBuffer.allocate(65)))
          .hasMessage("the gradient of 1 rows must have 64 numbers, but has 65");
    }
  }

  // ---- The methods

  @ParameterizedTest
  @EnumSource(Method.class)
  void aRunMakesHeldOutImagesBrighter(Method method) {
    DiffusionPolicy.Options options = DiffusionPolicy.Options.lora().withLearningRate(0.01);
    PixelReward brightness = PixelReward.brightness();
    List<Prompt> heldOut = Collections.nCopies(16, TinyModel.prompts(1).get(0));
    List<Double> means = new ArrayList<>();
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora, options)) {
      RunResult unused =
          AlignmentRun.of(
                  PromptSource.all(TinyModel.prompts(2), 3),
                  policy.sampler(),
                  brightness,
                  method.optimizer(policy, brightness, Seed.of(4)),
                  Seed.of(5))
              .evaluated(Evaluation.every(6, heldOut, Seed.of(7)))
              .listener(
                  event -> {
                    if (event instanceof RunEvent.Metrics metrics
                        && metrics.values().get("evaluation.rewardMean") != null) {
                      means.add(metrics.values().get("evaluation.rewardMean"));
                    }
                  })
              .run(AlignmentRun.Options.rounds(12));
    }
    assertThat(means).hasSize(3);
    assertThat(means.get(1)).isGreaterThan(means.get(0) + 0.0005);
    assertThat(means.get(2)).isGreaterThan(means.get(1) + 0.0005);
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void aResumedRunGoesOnBitForBit(Method method, @TempDir Path folder) throws IOException {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = model.rollout(TinyModel.prompts(3), Seed.of(3))) {
      PolicyOptimizer one = method.optimizer(policy, PixelReward.redness(), Seed.of(4));
      StepReport first = one.step(rollout, Rewards.of(0, 0, 0));
      assertThat(first.metrics()).containsEntry("updates", 2.0);
      one.save(Files.createDirectory(folder.resolve("one")));
      StepReport second = one.step(rollout, Rewards.of(0, 0, 0));
      one.save(Files.createDirectory(folder.resolve("two")));
      PolicyOptimizer again = method.optimizer(policy, PixelReward.redness(), Seed.of(4));
      assertThat(again.restore(folder.resolve("one"))).isEmpty();
      assertThat(again.step(rollout, Rewards.of(0, 0, 0))).isEqualTo(second);
      again.save(Files.createDirectory(folder.resolve("again")));
      Checkpoints.assertSame(folder.resolve("two"), folder.resolve("again"));
    }
  }

  @Test
  void aRunInAFolderGoesOnWhereItWasStopped(@TempDir Path folder) {
    Map<String, float[]> whole = weightsAfter(4, folder.resolve("whole"));
    Map<String, float[]> half = weightsAfter(2, folder.resolve("parts"));
    Map<String, float[]> resumed = weightsAfter(4, folder.resolve("parts"));

    whole.forEach(
        (name, values) -> {
          assertThat(resumed.get(name)).isEqualTo(values);
          assertThat(half.get(name)).isNotEqualTo(values);
        });
  }

  /** Of a fresh adapter, which a run in a folder trains up to a round. */
  private Map<String, float[]> weightsAfter(int rounds, Path folder) {
    Seed ofLora = RunFolder.exists(folder) ? Seed.of(77) : Seed.of(2); // is restored
    try (Lora fresh = TinyModel.lora(model, ofLora);
        DiffusionPolicy policy = DiffusionPolicy.lora(model, fresh);
        RunFolder run =
            RunFolder.exists(folder)
                ? RunFolder.open(folder, CLOCK)
                : RunFolder.create(folder, Map.of(), Provenance.capture(CLOCK), CLOCK)) {
      RunResult unused =
          AlignmentRun.of(
                  PromptSource.all(TinyModel.prompts(2), 2),
                  policy.sampler(),
                  PixelReward.redness(),
                  Method.ALIGN_PROP.optimizer(policy, PixelReward.redness(), Seed.of(4)),
                  Seed.of(5))
              .in(run)
              .run(AlignmentRun.Options.rounds(rounds));
      Map<String, float[]> weights = new LinkedHashMap<>();
      policy
          .parameters()
          .forEach(
              (name, values) -> {
                float[] copy = new float[values.capacity()];
                values.get(0, copy);
                weights.put(name, copy);
              });
      return weights;
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void anImageWithoutARewardIsLeftOut(Method method) {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = model.rollout(TinyModel.prompts(3), Seed.of(3))) {
      Watched watched = new Watched(Input.IMAGES);
      watched.score = 0.5;
      PolicyOptimizer optimizer = method.optimizer(policy, watched, Seed.of(4));
      OptionalDouble none = OptionalDouble.empty();

      StepReport some =
          optimizer.step(rollout, new Rewards(List.of(none, OptionalDouble.of(0), none)));

      assertThat(some.metrics()).containsEntry("updates", 1.0).containsEntry("directReward", 0.5);
      assertThat(watched.asked)
          .isNotEmpty()
          .allSatisfy(
              batch -> assertThat(batch.prompts()).containsOnly(TinyModel.prompts(2).get(1)));
      assertThat(optimizer.step(rollout, new Rewards(List.of(none, none, none))).skippedReason())
          .isEqualTo("no image has a reward");
      assertThat(policy.updates()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void aCheckpointOfAnotherRunIsAnErrorThatChangesNothing(Method method, @TempDir Path folder)
      throws IOException {
    PixelReward reward = PixelReward.redness();
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = model.rollout(TinyModel.prompts(2), Seed.of(3))) {
      PolicyOptimizer optimizer = method.optimizer(policy, reward, Seed.of(4));
      StepReport unused = optimizer.step(rollout, Rewards.of(0, 0));
      Path saved = Files.createDirectory(folder.resolve("saved"));
      optimizer.save(saved);
      StepReport further = optimizer.step(rollout, Rewards.of(0, 0));

      PolicyOptimizer otherSeed = method.optimizer(policy, reward, Seed.of(5));
      assertThatThrownBy(() -> otherSeed.restore(saved))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("seed is 4 in the checkpoint");
      PolicyOptimizer ofLatents = method.optimizer(policy, new Watched(Input.LATENTS), Seed.of(4));
      assertThatThrownBy(() -> ofLatents.restore(saved))
          .hasMessageContaining("rewardInput is IMAGES in the checkpoint");
      Method another = method == Method.REFL ? Method.DRAFT : Method.REFL;
      PolicyOptimizer other = another.optimizer(policy, reward, Seed.of(4));
      assertThatThrownBy(() -> other.restore(saved))
          .hasMessageContaining("holds a checkpoint of \"");
      assertThat(further.step()).isEqualTo(2);
      assertThat(policy.updates()).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void aNumberOfRewardsThatIsNotThatOfImagesIsAnError(Method method) {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = model.rollout(TinyModel.prompts(2), Seed.of(3))) {
      PolicyOptimizer optimizer = method.optimizer(policy, PixelReward.redness(), Seed.of(4));
      assertThatThrownBy(() -> optimizer.step(rollout, Rewards.of(1, 2, 3)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("for each of the 2 images, but there were 3");
    }
  }

  @Test
  void aRewardThatIsNoNumberEndsTheStepAndChangesNothing() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = model.rollout(TinyModel.prompts(3), Seed.of(3))) {
      float before = policy.parameters().values().iterator().next().get(0);
      PolicyOptimizer optimizer =
          Method.DRAFT.optimizer(policy, new Watched(Input.IMAGES), Seed.of(4));
      assertThatThrownBy(() -> optimizer.step(rollout, Rewards.of(0, 0, 0)))
          .isInstanceOf(DivergedException.class)
          .hasMessageContaining("step 1")
          .hasMessageContaining("NaN");
      assertThat(policy.parameters().values().iterator().next().get(0)).isEqualTo(before);
      assertThat(policy.updates()).isZero();
    }
  }

  @Test
  void moreStepsThanThereAreAreRefused() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      assertThatThrownBy(
              () ->
                  new Draft(policy, PixelReward.redness(), Draft.Options.lastSteps(4), Seed.of(4)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the policy samples with 3 steps, but the last 4 should be differentiated: take"
                  + " fewer, or sample with more");
    }
    assertThatThrownBy(() -> Draft.Options.lowVariance().withLastSteps(2))
        .hasMessageContaining("DRaFT-LV is of the last step alone");
    assertThatThrownBy(() -> Refl.Options.defaults().withEarliest(1))
        .hasMessage("earliest must be in [0, 1), but was 1.0");
    assertThatThrownBy(() -> Refl.Options.defaults().withUpdates(0))
        .hasMessage("updates must be at least 1, but was 0");
  }
}

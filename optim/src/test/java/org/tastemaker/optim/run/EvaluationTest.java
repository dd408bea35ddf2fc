package org.tastemaker.optim.run;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** What a policy's run shows of itself, and that it changes nothing. */
class EvaluationTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final RewardModel BRIGHT =
      (rollout, judgements) ->
          Rewards.of(
              IntStream.range(0, rollout.size())
                  .mapToDouble(i -> mean(rollout.images().get(i)))
                  .toArray());

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final List<RunEvent> events = new ArrayList<>();

  @AfterEach
  void close() {
    model.close();
  }

  private static double mean(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum / image.toFloats().length;
  }

  private static Ddpo.Options oneUpdate(int microBatch) {
    return Ddpo.Options.importanceSampling()
        .withUpdatesPerEpoch(1)
        .withPromptStatistics(Optional.empty())
        .withMicroBatch(microBatch);
  }

  private static float[] flat(DiffusionPolicy policy) {
    FloatBuffer all = FloatBuffer.allocate(1 << 16);
    policy.parameters().values().forEach(values -> all.put(values.duplicate()));
    return java.util.Arrays.copyOf(all.array(), all.position());
  }

  private AlignmentRun run(DiffusionPolicy policy, int microBatch) {
    return AlignmentRun.of(
            PromptSource.all(TinyModel.prompts(3), 2),
            policy.sampler(),
            BRIGHT,
            new Ddpo(policy, oneUpdate(microBatch), Seed.of(3)),
            Seed.of(4))
        .listener(events::add);
  }

  /** The weights after two rounds, and the images of the evaluation at the end. */
  private float[] trained(Optional<Boolean> averaged, List<Image> last) {
    DiffusionPolicy.Options options =
        DiffusionPolicy.Options.lora()
            .withLearningRate(0.05)
            .withEma(Optional.of(new Ema.Options(0.9, false)));
    events.clear();
    try (Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy = DiffusionPolicy.lora(model, lora, options)) {
      AlignmentRun run = run(policy, 6);
      if (averaged.isPresent()) {
        Evaluation plain = Evaluation.every(1, TinyModel.prompts(2), Seed.of(7));
        run.evaluated(averaged.get() ? plain.withAveragesOf(policy) : plain);
      }
      RunResult unused = run.run(AlignmentRun.Options.rounds(2));
      for (RunEvent event : events) {
        if (event instanceof RunEvent.Pictures pictures && pictures.step() == 2) {
          last.addAll(pictures.images());
        }
      }
      return flat(policy);
    }
  }

  @Test
  void anEvaluationOfTheAveragesLeavesTheTrainingAsItIsToTheBit() {
    List<Image> ofAverages = new ArrayList<>();
    List<Image> ofWeights = new ArrayList<>();
    float[] never = trained(Optional.empty(), new ArrayList<>());
    assertThat(trained(Optional.of(true), ofAverages)).isEqualTo(never);
    assertThat(trained(Optional.of(false), ofWeights)).isEqualTo(never);
    assertThat(ofAverages).hasSize(2).isNotEqualTo(ofWeights);
  }

  @Test
  void validationImagesAndTheirCaptionsAreInTheRunsFolderEveryFewRounds(@TempDir Path path) {
    List<Prompt> heldOut = TinyModel.prompts(2);
    try (Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        RunFolder folder = RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK)) {
      RunResult unused =
          run(policy, 6)
              .evaluated(Evaluation.every(2, heldOut, Seed.of(7)))
              .in(folder)
              .run(AlignmentRun.Options.rounds(3));
    }
    assertThat(path.resolve("images"))
        .isDirectoryContaining("glob:**000000-evaluation.png")
        .isDirectoryContaining("glob:**000002-evaluation.png")
        .isDirectoryContaining("glob:**000003-evaluation.png");
    assertThat(events)
        .filteredOn(RunEvent.Pictures.class::isInstance)
        .allSatisfy(
            event ->
                assertThat(((RunEvent.Pictures) event).captions())
                    .isEqualTo(heldOut.stream().map(Prompt::text).toList()));
  }

  /** The gradient of a round's only update. */
  private Map<String, float[]> gradient(int batches, int microBatch) {
    try (Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy = Policies.still(model, lora)) {
      GradientCheck.perturb(policy, Seed.of(5), 0.1);
      RunResult unused =
          run(policy, microBatch).run(AlignmentRun.Options.rounds(1).withBatchesPerRound(batches));
      return GradientCheck.gradientOf(policy);
    }
  }

  /** What other trainers call gradient accumulation. */
  @Test
  void anUpdateTakesTheGradientOfAllImagesOfARoundHoweverTheyAreSampledAndTrained() {
    Map<String, float[]> whole = gradient(1, 18); // 6 images of 3 steps at once
    Map<String, float[]> accumulated = gradient(3, 1);
    double largest =
        whole.values().stream()
            .flatMapToDouble(g -> IntStream.range(0, g.length).mapToDouble(i -> Math.abs(g[i])))
            .max()
            .orElseThrow();
    assertThat(largest).isPositive();
    whole.forEach(
        (name, expected) -> {
          float[] found = requireNonNull(accumulated.get(name));
          for (int i = 0; i < expected.length; i++) {
            // Float rounding of the U-Net, 1e-6, in a gradient that is a difference of larger ones.
            assertThat((double) found[i]).isCloseTo(expected[i], within(1e-4 * largest));
          }
        });
    assertThat(events)
        .filteredOn(RunEvent.Metrics.class::isInstance)
        .allSatisfy(
            event ->
                assertThat(((RunEvent.Metrics) event).values())
                    .containsEntry("updates", 1.0)
                    .containsKeys("latentNorm", "darkPixels", "gradientRms"));
  }

  private List<String> notices(double epsilon) {
    events.clear();
    DiffusionPolicy.Options options = DiffusionPolicy.Options.lora();
    try (Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, options.withAdamW(options.adamW().withEpsilon(epsilon)))) {
      RunResult unused = run(policy, 6).run(AlignmentRun.Options.rounds(2));
    }
    return events.stream()
        .filter(RunEvent.Notice.class::isInstance)
        .map(event -> ((RunEvent.Notice) event).message())
        .filter(words -> words.contains("Adam's epsilon"))
        .toList();
  }

  @Test
  void anEpsilonAboveAPolicysGradientIsSaidAndTheUsualOneIsNot() {
    assertThat(notices(0.1))
        .singleElement()
        .asString()
        .contains("below Adam's epsilon of 0.10: epsilon sets the length of the steps");
    assertThat(notices(1e-8)).isEmpty();
  }
}

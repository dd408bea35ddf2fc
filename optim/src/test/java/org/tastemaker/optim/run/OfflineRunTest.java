package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.preference.DiffusionDpo;
import org.tastemaker.optim.preference.PreferenceData;

/** Training on judged images with a real model and a folder, killed and resumed in new objects. */
class OfflineRunTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  private OfflineRun.Options length =
      OfflineRun.Options.rounds(5).withCheckpointEvery(2).withKeepCheckpoints(9);

  private static PreferenceData data(LatentDiffusion model, int groups) {
    PreferenceData.Builder data = PreferenceData.builder(model);
    for (int g = 0; g < groups; g++) {
      Prompt prompt = TinyModel.prompts(3).get(g % 3);
      List<Image> images =
          model.generate(Collections.nCopies(2, prompt), Seed.of(30 + g).splits(2));
      data.add(new ImageGroup(prompt, images), Ranking.of(g % 2, 1 - g % 2));
    }
    return data.build();
  }

  private double epsilon = 1e-8; // of Adam

  /** Trains until the end, or is cancelled after a round. */
  private RunResult run(Path path, int groups, int cancelAfter) {
    Cancellation cancellation = new Cancellation();
    boolean resumes = RunFolder.exists(path);
    try (RunFolder folder =
            resumes
                ? RunFolder.open(path, CLOCK)
                : RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK);
        LatentDiffusion model = TinyModel.create(Seed.of(1));
        // What resumes from a checkpoint has its numbers from there.
        Lora lora = TinyModel.lora(model, Seed.of(folder.latestCheckpoint().isPresent() ? 77 : 2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model,
                lora,
                DiffusionPolicy.Options.lora()
                    .withAdamW(AdamW.Options.defaults().withEpsilon(epsilon)))) {
      DiffusionDpo.Options options =
          DiffusionDpo.Options.defaults().withUpdates(2).withBatch(2).withMicroBatch(4);
      return OfflineRun.of(data(model, groups), new DiffusionDpo(policy, options, Seed.of(4)))
          .evaluated(
              Evaluation.every(4, TinyModel.prompts(2), Seed.of(5))
                  .withSampler(policy.sampler())
                  .withReward((rollout, judgements) -> Rewards.of(new double[rollout.size()])))
          .in(folder)
          .listener(
              event -> {
                if (event instanceof RunEvent.Progress progress
                    && progress.activity().equals("training on preferences")
                    && progress.done() == cancelAfter) {
                  cancellation.cancel();
                }
              })
          .cancellation(cancellation)
          .timedBy(() -> 0)
          .run(length);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aRunThatIsCancelledAndResumedEndsWithTheSameBits(int after, @TempDir Path path) {
    assertThat(run(path.resolve("whole"), 3, 99).message()).isEqualTo("all 5 rounds are done");
    assertThatThrownBy(() -> run(path.resolve("cut"), 3, after))
        .isInstanceOf(CancellationException.class);
    assertThat(run(path.resolve("cut"), 3, 99).reason()).isEqualTo(RunResult.Reason.FINISHED);

    Checkpoints.assertSame(path.resolve("whole/checkpoints"), path.resolve("cut/checkpoints"));
    List<RunEvent.Metrics> metrics = RunFolder.metricsOf(path.resolve("whole"));
    assertThat(metrics.stream().filter(m -> m.values().containsKey("implicitAccuracy"))).hasSize(5);
    // Before, after the fourth round, and at the end.
    assertThat(metrics.stream().filter(m -> m.values().containsKey("evaluation.rewardMean")))
        .extracting(RunEvent.Metrics::step)
        .containsExactly(0L, 4L, 5L);
  }

  @ParameterizedTest
  @CsvSource({"0.5, 1", "1e-15, 0"})
  void aGradientBelowAdamsEpsilonIsSaidOnceHereToo(double of, int notices, @TempDir Path path) {
    epsilon = of;
    assertThat(run(path, 3, 99).reason()).isEqualTo(RunResult.Reason.FINISHED);
    try (RunFolder folder = RunFolder.open(path, CLOCK)) {
      assertThat(folder.notices().stream().map(RunEvent.Notice::message))
          .filteredOn(words -> words.contains("below Adam's epsilon"))
          .hasSize(notices);
    }
  }

  @Test
  void aRunOnOtherDataIsAnotherRun(@TempDir Path path) {
    length = length.withRounds(1);
    RunResult unused = run(path, 3, 99);
    length = length.withRounds(2);
    assertThatThrownBy(() -> run(path, 2, 99))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is of a run with other settings: data is ");
    assertThat(run(path, 3, 99).rounds()).isEqualTo(2);
  }

  @Test
  void anEvaluationNeedsASamplerAndARewardOfItsOwn() {
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      OfflineRun run =
          OfflineRun.of(
              data(model, 1),
              new DiffusionDpo(policy, DiffusionDpo.Options.defaults(), Seed.of(4)));
      Evaluation bare = Evaluation.every(4, TinyModel.prompts(2), Seed.of(5));
      assertThatThrownBy(() -> run.evaluated(bare))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("withSampler(policy.sampler())");
      assertThatThrownBy(() -> OfflineRun.Options.rounds(0)).hasMessageContaining("rounds");
    }
  }

  @Test
  void dataKnowsWhatItIsAndLeavesOutWhatNobodyHasJudged() {
    try (LatentDiffusion model = TinyModel.create(Seed.of(1))) {
      assertThat(data(model, 2).identity()).isEqualTo(data(model, 2).identity()).hasSize(64);
      assertThat(data(model, 3).identity()).isNotEqualTo(data(model, 2).identity());
      assertThat(data(model, 3).size()).isEqualTo(3);

      Prompt prompt = Prompt.of("a red cat");
      ImageGroup group =
          new ImageGroup(
              prompt, model.generate(Collections.nCopies(3, prompt), Seed.of(8).splits(3)));
      PreferenceData.Builder builder = PreferenceData.builder(model);
      builder.add(group, Judgement.missing(3, "no answer", "judge", Usage.NONE));
      assertThat(builder.missing()).isEqualTo(1);
      assertThatThrownBy(builder::build)
          .hasMessage(
              "preference data must have at least one judged group, but there was none beside 1"
                  + " without a judgement");
      assertThatThrownBy(() -> builder.add(group, Ranking.of(0, 1)))
          .hasMessage(
              "a ranking must be of the group's 3 images, but is of 2 (prompt 'a red cat')");
      // Images of another size are scaled.
      Image large = Image.filled(20, 30, 1, 0, 0);
      builder.add(new ImageGroup(prompt, List.of(large, group.images().get(0))), Ranking.of(0, 1));
      builder.add(group, Judgement.of(Ranking.ofTiers(3, List.of(List.of(2), List.of(0))), "x"));
      assertThat(builder.build().size()).isEqualTo(2);
    }
  }
}

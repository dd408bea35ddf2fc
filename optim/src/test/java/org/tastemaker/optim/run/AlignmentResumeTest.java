package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** The loop with a real model, optimizer and folder, killed and gone on with in new objects. */
class AlignmentResumeTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");

  private static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  private static final FeedbackOracle ORACLE =
      (groups, rubric) ->
          groups.stream()
              .map(
                  group ->
                      Judgement.ofScores(
                          group.images().stream()
                              .map(image -> OptionalDouble.of(brightness(image)))
                              .toList(),
                          "test"))
              .toList();

  private static final RewardModel SCORES =
      (rollout, judgements) -> {
        OptionalDouble[] values = new OptionalDouble[rollout.size()];
        for (int g = 0; g < judgements.size(); g++) {
          List<Integer> indices = rollout.groupIndices().get(g);
          for (int k = 0; k < indices.size(); k++) {
            values[indices.get(k)] = judgements.get(g).scores().get(k);
          }
        }
        return new Rewards(List.of(values));
      };

  /** Runs in a folder until the end, or until the judge is asked once too often. */
  private static void run(Path path, int rounds, int questions, List<RunEvent> events) {
    int[] asked = {0};
    FeedbackOracle limited =
        (groups, rubric) -> {
          if (++asked[0] > questions) {
            throw new IllegalStateException("killed");
          }
          return ORACLE.rank(groups, rubric);
        };
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model,
                lora,
                DiffusionPolicy.Options.lora()
                    .withLearningRate(0.01)
                    .withEma(Ema.Options.defaults()));
        RunFolder folder =
            RunFolder.exists(path)
                ? RunFolder.open(path, CLOCK)
                : RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK)) {
      Ddpo ddpo =
          new Ddpo(
              policy,
              Ddpo.Options.importanceSampling()
                  .withUpdates(1, 2)
                  .withPromptStatistics(Optional.of(new PromptStatistics.Options(6, 3))),
              Seed.of(3));
      AlignmentRun.Result result =
          AlignmentRun.of(
                  PromptSource.shuffled(TinyModel.prompts(3), 2, 2, Seed.of(4)),
                  policy.sampler(),
                  SCORES,
                  ddpo,
                  Seed.of(5))
              .judgedBy(limited, RUBRIC)
              .evaluated(
                  Evaluation.every(2, TinyModel.prompts(2), Seed.of(6))
                      .withAveragesOf(policy)
                      .withDivergenceOf(policy, 4)
                      .withReward(
                          (rollout, judgements) ->
                              Rewards.of(
                                  IntStream.range(0, rollout.size())
                                      .mapToDouble(i -> brightness(rollout.images().get(i)))
                                      .toArray())))
              .in(folder)
              .toldTo(events::add)
              .run(
                  AlignmentRun.Options.rounds(rounds).withBatchesPerRound(2).withCheckpoints(1, 9));
      assertThat(result.reason()).isEqualTo(AlignmentRun.StopReason.FINISHED);
    }
  }

  @Test
  void aRunThatIsKilledAndGoesOnEndsWithTheSameBits(@TempDir Path path) {
    List<RunEvent> events = new java.util.ArrayList<>();
    run(path.resolve("whole"), 3, 100, events);
    // Killed in the middle of round 3: the judge has seen one of its two batches. It is not asked
    // about evaluations, which have a reward of their own.
    assertThatThrownBy(() -> run(path.resolve("killed"), 3, 5, new java.util.ArrayList<>()))
        .hasMessage("killed");
    run(path.resolve("killed"), 3, 100, new java.util.ArrayList<>());
    for (String step : List.of("000001", "000002", "000003")) {
      Checkpoints.assertSame(
          path.resolve("whole/checkpoints").resolve(step),
          path.resolve("killed/checkpoints").resolve(step));
    }
    List<Double> kl =
        events.stream()
            .filter(RunEvent.Metrics.class::isInstance)
            .map(event -> ((RunEvent.Metrics) event).values().get("klToReference"))
            .filter(java.util.Objects::nonNull)
            .toList();
    assertThat(kl).hasSize(3);
    // Nothing is spent before training: the same weights through two graphs of float arithmetic.
    assertThat(kl.get(0)).isLessThan(1e-6);
    assertThat(kl.get(2)).isGreaterThan(kl.get(0));
  }
}

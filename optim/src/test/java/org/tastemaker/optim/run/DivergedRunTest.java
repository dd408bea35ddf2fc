package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.Image;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.likelihood.Rwr;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** The advice that a diverged run gives, followed. */
class DivergedRunTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  private final List<RunEvent.Notice> notices = new ArrayList<>();
  private int prompts = 2;

  /** One method whose update is checked by its ratios, one only by the KL after it. */
  private enum Method {
    DDPO {
      @Override
      PolicyOptimizer of(DiffusionPolicy policy) {
        return new Ddpo(policy, Ddpo.Options.importanceSampling(), Seed.of(3));
      }
    },
    RWR {
      @Override
      PolicyOptimizer of(DiffusionPolicy policy) {
        return new Rwr(policy, Rwr.Options.exponential().withUpdates(1), Seed.of(3));
      }
    };

    abstract PolicyOptimizer of(DiffusionPolicy policy);
  }

  private RunResult run(
      Method method, Path path, double learningRate, int imagesPerPrompt, int rounds) {
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(learningRate));
        RunFolder folder =
            RunFolder.exists(path)
                ? RunFolder.open(path, CLOCK)
                : RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK)) {
      return AlignmentRun.of(
              PromptSource.all(TinyModel.prompts(prompts), imagesPerPrompt),
              policy.sampler(),
              (rollout, judgements) ->
                  Rewards.of(
                      rollout.images().stream().mapToDouble(DivergedRunTest::brightness).toArray()),
              method.of(policy),
              Seed.of(5))
          .in(folder)
          .listener(
              event -> {
                if (event instanceof RunEvent.Notice notice) {
                  notices.add(notice);
                }
              })
          .run(AlignmentRun.Options.rounds(rounds).withCheckpointEvery(1));
    }
  }

  private static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void aRunThatDivergesIsResumedWithALowerLearningRateAndEnds(Method method, @TempDir Path path) {
    assertThat(run(method, path, 1e-3, 3, 2).reason()).isEqualTo(RunResult.Reason.FINISHED);
    RunResult diverged = run(method, path, 1e15, 3, 4);
    assertThat(diverged.reason()).isEqualTo(RunResult.Reason.DIVERGED);
    assertThat(diverged.message())
        .startsWith("round 3 has diverged and was taken back: step 3: ")
        .contains("learning rate");

    RunResult resumed = run(method, path, 1e-4, 3, 4);

    assertThat(resumed)
        .isEqualTo(new RunResult(4, RunResult.Reason.FINISHED, "all 4 rounds are done"));
    assertThat(notices)
        .containsExactly(
            new RunEvent.Notice(
                2,
                "resumed with other settings: learningRate is 0.001 in the checkpoint and 1.0E15"
                    + " now"),
            new RunEvent.Notice(
                2,
                "resumed with other settings: learningRate is 0.001 in the checkpoint and 1.0E-4"
                    + " now"));
    try (RunFolder folder = RunFolder.open(path, CLOCK)) {
      assertThat(folder.notices()).isEqualTo(notices);
    }
  }

  @Test
  void aRunThatDivergesInItsFirstRoundIsBegunAgainInItsFolder(@TempDir Path path) {
    assertThat(run(Method.RWR, path, 1e15, 3, 2).rounds()).isZero();
    assertThat(run(Method.RWR, path, 1e-3, 3, 2).rounds()).isEqualTo(2);
  }

  @Test
  void theNumberOfImagesOfARoundMayChange(@TempDir Path path) {
    run(Method.DDPO, path, 1e-3, 3, 1);
    assertThat(run(Method.DDPO, path, 1e-3, 5, 2).rounds()).isEqualTo(2);
    assertThat(notices)
        .containsExactly(
            new RunEvent.Notice(
                1,
                "resumed with other settings: imagesPerRound is 6 in the checkpoint and 10 now"));
  }

  @Test
  void otherPromptsAreAnotherRun(@TempDir Path path) {
    run(Method.DDPO, path, 1e-3, 3, 1);
    prompts = 1;
    assertThatThrownBy(() -> run(Method.DDPO, path, 1e-3, 3, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("prompts is 2, sha256 ")
        .hasMessageContaining("only these may change: imagesPerRound");
    assertThat(notices).isEmpty();
  }
}

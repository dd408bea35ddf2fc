package org.tastemaker.optim.run;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * Aligns a tiny model in a folder, from its latest checkpoint if there is one, to the end. Prints a
 * line when it begins and one for each round, and waits for nothing: it is there to be killed.
 */
final class AlignmentKillProgram {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
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

  private AlignmentKillProgram() {}

  public static void main(String[] arguments) {
    Path path = Path.of(arguments[0]);
    long rounds = Long.parseLong(arguments[1]);
    // What resumes from a checkpoint has its weights from there: they must not matter then. Before
    // the first checkpoint they must be the same again.
    boolean resumes = RunFolder.exists(path);
    try (RunFolder folder =
            resumes
                ? RunFolder.open(path, CLOCK)
                : RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK);
        LatentDiffusion model = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(model, Seed.of(folder.latestCheckpoint().isPresent() ? 77 : 2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model,
                lora,
                DiffusionPolicy.Options.lora()
                    .withLearningRate(0.01)
                    .withEma(Optional.of(Ema.Options.defaults())))) {
      System.out.println("begins");
      AlignmentRun.of(
              PromptSource.shuffled(TinyModel.prompts(3), 2, 2, Seed.of(4)),
              policy.sampler(),
              (rollout, judgements) ->
                  Rewards.of(
                      rollout.images().stream()
                          .mapToDouble(AlignmentKillProgram::brightness)
                          .toArray()),
              new Ddpo(
                  policy,
                  Ddpo.Options.importanceSampling()
                      .withUpdatesPerEpoch(2)
                      .withPromptStatistics(Optional.of(PromptStatistics.Options.defaults())),
                  Seed.of(3)),
              Seed.of(5))
          .judgedBy(ORACLE, Rubric.of("bright", "1", "The brighter image is better."))
          .evaluated(Evaluation.every(2, TinyModel.prompts(2), Seed.of(6)))
          .in(folder)
          .timedBy(() -> 0)
          .listener(
              event -> {
                if (event instanceof RunEvent.Progress progress) {
                  System.out.println("round " + progress.done());
                }
              })
          .run(AlignmentRun.Options.rounds(rounds).withKeepCheckpoints(2).withCheckpointEvery(3));
    }
  }

  private static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }
}

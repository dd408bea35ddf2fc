package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.Evaluation;
import org.tastemaker.optim.run.PromptSource;

/** The same alignment run on one machine and on worker processes. */
class RowAlignmentTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");

  /** The judge's own scores. */
  private static final RewardModel SCORES =
      (rollout, judgements) -> {
        double[] values = new double[rollout.size()];
        for (int g = 0; g < judgements.size(); g++) {
          List<Integer> indices = rollout.groupIndices().get(g);
          for (int k = 0; k < indices.size(); k++) {
            values[indices.get(k)] = judgements.get(g).scores().get(k).orElseThrow();
          }
        }
        return Rewards.of(values);
      };

  @TempDir private Path folder;

  private record Parts(DiffusionSampler sampler, FeedbackOracle oracle) {}

  /** Three rounds with an evaluation; returns the adapter's bytes. */
  private byte[] align(ModelRecipe recipe, BiFunction<DiffusionPolicy, Lora, Parts> parts) {
    try (LatentDiffusion model = recipe.open();
        Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(0.01))) {
      Parts used = parts.apply(policy, lora);
      var unused =
          AlignmentRun.of(
                  PromptSource.all(TinyModel.prompts(2), 6),
                  used.sampler(),
                  SCORES,
                  new Ddpo(policy, Ddpo.Options.importanceSampling(), Seed.of(3)),
                  Seed.of(5))
              .judgedBy(used.oracle(), RUBRIC)
              .evaluated(Evaluation.every(2, TinyModel.prompts(2), Seed.of(6)))
              .run(AlignmentRun.Options.rounds(3));
      return RowAdapter.of(lora).bytes();
    }
  }

  @Test
  void theLoraIsTheSameByteForByteOnTwoWorkerProcessesOfWhichOneIsKilledInARound() {
    ModelRecipe recipe = TinyRuns.recipe(folder);
    NotedJudge judge = new NotedJudge(folder.resolve("notes").toString(), 0);
    NotedJudge alone = new NotedJudge(folder.resolve("alone").toString(), 0);
    byte[] expected = align(recipe, (policy, lora) -> new Parts(policy.sampler(), alone.open()));
    byte[] found;
    AtomicInteger came = new AtomicInteger();
    try (WorkerProcess first = WorkerProcess.painting(folder);
        WorkerProcess second = WorkerProcess.painting(folder);
        HttpCarrier http =
            HttpCarrier.to(
                List.of(first.uri(), second.uri()),
                RowServerProgram.SECRET,
                HttpCarrier.Options.defaults().withRowsPerRequest(2))) {
      RowCarrier killing =
          (cargo, taker) ->
              http.carry(
                  cargo,
                  result -> {
                    taker.accept(result);
                    if (came.incrementAndGet() == 20) { // in the second round of 12 images
                      first.kill();
                    }
                  });
      RowDriver driver = RowDriver.of(killing).keeping(RowStore.in(folder.resolve("kept")));
      found =
          align(
              recipe,
              (policy, lora) -> {
                policy.computeGradientsBy(
                    RowGradients.of(driver, recipe, policy, () -> RowAdapter.of(lora)));
                return new Parts(
                    RowSampler.of(
                        driver, recipe, policy.sampler(), () -> Optional.of(RowAdapter.of(lora))),
                    RowOracle.of(driver, judge));
              });
      assertThat(first.process().isAlive()).isFalse();
    }
    assertThat(found).isEqualTo(expected);
    assertThat(judge.answered()).hasSameSizeAs(alone.answered());
  }
}

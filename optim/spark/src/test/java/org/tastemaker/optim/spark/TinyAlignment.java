package org.tastemaker.optim.spark;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.rows.ModelRecipe;
import org.tastemaker.optim.rows.OracleFactory;
import org.tastemaker.optim.rows.RewardFactory;
import org.tastemaker.optim.rows.RowAdapter;
import org.tastemaker.optim.rows.RowDriver;
import org.tastemaker.optim.rows.RowOracle;
import org.tastemaker.optim.rows.RowReward;
import org.tastemaker.optim.rows.RowSampler;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;

/** An alignment run of three rounds with a tiny model, alone and on workers. */
final class TinyAlignment {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");

  private TinyAlignment() {}

  /** The mean of an image's reds. */
  record Redness() implements RewardFactory {
    @Override
    public RewardModel open() {
      return (rollout, judgements) ->
          new Rewards(rollout.images().stream().map(i -> OptionalDouble.of(redness(i))).toList());
    }

    private static double redness(Image image) {
      double sum = 0;
      for (int i = 0; i < image.height() * image.width(); i++) {
        sum += image.toFloats()[i];
      }
      return sum / (image.height() * image.width());
    }

    @Override
    public Settings settings() {
      return Settings.none().with("reward", "redness");
    }
  }

  /** All in this process; the adapter's bytes. */
  static byte[] alone(ModelRecipe recipe, OracleFactory judge) {
    return align(
        recipe, (policy, lora) -> new Parts(policy.sampler(), judge.open(), new Redness().open()));
  }

  /** Images, judgements and rewards of the driver's workers; the adapter's bytes. */
  static byte[] on(RowDriver driver, ModelRecipe recipe, OracleFactory judge) {
    return align(
        recipe,
        (policy, lora) ->
            new Parts(
                RowSampler.of(
                    driver, recipe, policy.sampler(), () -> Optional.of(RowAdapter.of(lora))),
                RowOracle.of(driver, judge),
                RowReward.of(driver, new Redness())));
  }

  private record Parts(DiffusionSampler sampler, FeedbackOracle oracle, RewardModel reward) {}

  private interface Choice {
    Parts of(DiffusionPolicy policy, Lora lora);
  }

  private static byte[] align(ModelRecipe recipe, Choice choice) {
    try (LatentDiffusion model = recipe.open();
        Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(0.01))) {
      Parts parts = choice.of(policy, lora);
      var unused =
          AlignmentRun.of(
                  PromptSource.all(TinyModel.prompts(2), 6),
                  parts.sampler(),
                  (rollout, judgements) -> sum(parts.reward(), rollout, judgements),
                  new Ddpo(policy, Ddpo.Options.importanceSampling(), Seed.of(3)),
                  Seed.of(5))
              .judgedBy(parts.oracle(), RUBRIC)
              .run(AlignmentRun.Options.rounds(3));
      return RowAdapter.of(lora).bytes();
    }
  }

  /** The judge's scores and the reward's, so that both decide the weights. */
  private static Rewards sum(RewardModel reward, Rollout rollout, List<Judgement> judgements) {
    double[] values = new double[rollout.size()];
    List<OptionalDouble> scores = reward.score(rollout, judgements).values();
    for (int g = 0; g < judgements.size(); g++) {
      List<Integer> indices = rollout.groupIndices().get(g);
      for (int k = 0; k < indices.size(); k++) {
        values[indices.get(k)] =
            judgements.get(g).scores().get(k).orElseThrow()
                + 100 * scores.get(indices.get(k)).orElseThrow();
      }
    }
    return Rewards.of(values);
  }
}

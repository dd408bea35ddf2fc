package org.tastemaker.optim.spark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
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
import org.tastemaker.optim.rows.RowGradients;
import org.tastemaker.optim.rows.RowOracle;
import org.tastemaker.optim.rows.RowReward;
import org.tastemaker.optim.rows.RowSampler;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;

/** An alignment run of three rounds with a tiny model, alone and on workers. */
final class TinyAlignment {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");

  /** Four updates a round, of micro-batches of 4 of its 9 rows. */
  static final Ddpo.Options SEVERAL = Ddpo.Options.importanceSampling().withMicroBatch(4);

  /** One update a round. */
  static final Ddpo.Options ONE = Ddpo.Options.scoreFunction().withMicroBatch(5);

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

  /** What workers need for {@link #on}. */
  static RowSetup setup(ModelRecipe recipe, OracleFactory judge) {
    return RowSetup.none()
        .withModel(recipe)
        .withOracle(judge)
        .withReward(new Redness())
        .withLoss(SEVERAL.loss());
  }

  /** All in this process; the adapter's bytes. */
  static byte[] alone(ModelRecipe recipe, OracleFactory judge) {
    return alone(recipe, judge, SEVERAL);
  }

  /** The same with other options of training. */
  static byte[] alone(ModelRecipe recipe, OracleFactory judge, Ddpo.Options training) {
    return align(
        recipe,
        training,
        (policy, lora) -> new Parts(policy.sampler(), judge.open(), new Redness().open()),
        run -> run.run(AlignmentRun.Options.rounds(3)));
  }

  /** Images, judgements, rewards and gradients of the driver's workers; the adapter's bytes. */
  static byte[] on(RowDriver driver, ModelRecipe recipe, OracleFactory judge) {
    return on(driver, recipe, judge, SEVERAL);
  }

  /** The same with other options of training. */
  static byte[] on(
      RowDriver driver, ModelRecipe recipe, OracleFactory judge, Ddpo.Options training) {
    return align(
        recipe,
        training,
        (policy, lora) -> parts(driver, recipe, judge, policy, lora),
        run -> run.run(AlignmentRun.Options.rounds(3)));
  }

  /** The same from the checkpoint in a folder to a round; the adapter's bytes. */
  static byte[] resume(
      RowDriver driver, ModelRecipe recipe, OracleFactory judge, Path folder, int rounds) {
    Clock clock = Clock.systemUTC();
    try (RunFolder kept =
        Files.exists(folder)
            ? RunFolder.open(folder, clock)
            : RunFolder.create(folder, Map.of(), Provenance.capture(clock), clock)) {
      return align(
          recipe,
          SEVERAL,
          (policy, lora) -> parts(driver, recipe, judge, policy, lora),
          run -> run.in(kept).run(AlignmentRun.Options.rounds(rounds)));
    }
  }

  private static Parts parts(
      RowDriver driver,
      ModelRecipe recipe,
      OracleFactory judge,
      DiffusionPolicy policy,
      Lora lora) {
    policy.computeGradientsBy(RowGradients.of(driver, recipe, policy, () -> RowAdapter.of(lora)));
    return new Parts(
        RowSampler.of(driver, recipe, policy.sampler(), () -> Optional.of(RowAdapter.of(lora))),
        RowOracle.of(driver, judge),
        RowReward.of(driver, new Redness()));
  }

  private record Parts(DiffusionSampler sampler, FeedbackOracle oracle, RewardModel reward) {}

  private interface Choice {
    Parts of(DiffusionPolicy policy, Lora lora);
  }

  private static byte[] align(
      ModelRecipe recipe, Ddpo.Options training, Choice choice, Consumer<AlignmentRun> running) {
    try (LatentDiffusion model = recipe.open();
        Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(0.01))) {
      Parts parts = choice.of(policy, lora);
      running.accept(
          AlignmentRun.of(
                  PromptSource.all(TinyModel.prompts(2), 6),
                  parts.sampler(),
                  (rollout, judgements) -> sum(parts.reward(), rollout, judgements),
                  new Ddpo(policy, training, Seed.of(3)),
                  Seed.of(5))
              .judgedBy(parts.oracle(), RUBRIC));
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

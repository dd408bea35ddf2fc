package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.reward.learned.BradleyTerryLoss;
import org.tastemaker.reward.learned.LatentFeatures;
import org.tastemaker.reward.learned.LearnedReward;
import org.tastemaker.reward.learned.PreferenceSet;
import org.tastemaker.reward.learned.RewardEvaluation;
import org.tastemaker.reward.learned.RewardTrainer;
import org.tastemaker.reward.learned.TrainedReward;

/**
 * A reward model is trained from preferences: a small network over the model's own latents learns a
 * judge's taste from rankings, and then scores images without asking anybody.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.TrainRewardModel
 * </pre>
 *
 * <p>prints how often the network agrees with the judge about images of prompts that it has not
 * seen, with a 95 % interval over prompts, and saves it. The judge here is simulated: it likes
 * yellow and errs often. For real: rankings that {@link AnnotateFolder} has collected from ChatGPT,
 * as {@code PreferenceSet.of(groups, judgements)}. The saved reward is a {@link
 * org.tastemaker.core.RewardModel}, so it can replace that of {@link OwnReward}.
 */
public final class TrainRewardModel {
  private TrainRewardModel() {}

  /**
   * Trains on 60 prompts.
   *
   * @param args none
   */
  public static void main(String[] args) {
    Path folder = Path.of("runs/ideas/train-reward-model");
    Failures.exit(Example.run(folder, System.err, () -> train(60, 4, 10, folder, System.out)));
  }

  static RewardEvaluation train(
      int prompts, int imagesPerPrompt, int denoisingSteps, Path folder, PrintStream out)
      throws IOException {
    Files.createDirectories(folder);
    FeedbackOracle judge =
        MockOracle.of(
            (image, prompt) -> OwnReward.yellowness(image),
            MockJudge.Options.defaults().withTemperature(0.05));
    try (LatentDiffusion model =
        BundledModel.load().with(BundledModel.sampling().withSteps(denoisingSteps))) {
      // 1. Images, and a judge's ranking of those of each prompt.
      List<Prompt> all = new ArrayList<>();
      for (String text : EmojiPrompts.CONSISTENCY.subList(0, prompts)) {
        all.addAll(Collections.nCopies(imagesPerPrompt, Prompt.of(text)));
      }
      List<Image> images = model.generate(all, Seed.of(1));
      List<ImageGroup> groups = new ArrayList<>();
      for (int i = 0; i < images.size(); i += imagesPerPrompt) {
        groups.add(new ImageGroup(all.get(i), images.subList(i, i + imagesPerPrompt)));
      }
      List<Judgement> judgements = judge.rank(groups, Rubrics.quality());

      // 2. A network that gives preferred images the higher score.
      LatentFeatures features =
          LatentFeatures.of(model, "text-to-emoji", LatentFeatures.Options.defaults());
      RewardTrainer trainer =
          new RewardTrainer(
              features,
              new BradleyTerryLoss(),
              RewardTrainer.Options.defaults().withHiddenLayers(List.of(64)),
              Seed.of(2));
      TrainedReward trained = trainer.train(PreferenceSet.of(groups, judgements));
      try (LearnedReward reward = trained.reward()) {
        RewardEvaluation heldOut = trained.heldOut();
        out.printf(
            Locale.ROOT,
            "%d epochs, the best was number %d%n",
            trained.trainingLoss().size(),
            trained.bestEpoch() + 1);
        out.printf(
            Locale.ROOT,
            "agrees with the judge on %s of %d pairs of %d prompts that it has not seen; %s%n",
            heldOut.accuracy().isPresent()
                ? String.format(Locale.ROOT, "%.0f %%", 100 * heldOut.accuracy().getAsDouble())
                : "none", // the judge called each of them a tie
            heldOut.pairs(),
            heldOut.prompts(),
            heldOut
                .interval()
                .map(
                    i ->
                        String.format(
                            Locale.ROOT,
                            "95 %% interval %.0f to %.0f %%",
                            100 * i.low(),
                            100 * i.high()))
                .orElse("too few for an interval"));

        // 3. Saved; loaded again with the same features.
        Path saved = Example.unused(folder, "reward", ""); // one of an earlier run is kept
        reward.save(saved);
        out.println("saved in " + saved);
        return heldOut;
      }
    }
  }
}

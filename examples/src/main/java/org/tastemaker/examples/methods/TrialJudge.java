package org.tastemaker.examples.methods;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * The judge of all trials: it ranks the images of a prompt by the task's score.
 *
 * @param task what it ranks by
 */
record TrialJudge(EmojiTask task) {
  FeedbackOracle oracle() {
    return MockOracle.of(task.score(), MockJudge.Options.defaults().withTieThreshold(Protocol.TIE));
  }

  Rubric rubric() {
    return Rubrics.consistency();
  }

  /** The score of each image, which the judge does not tell. */
  List<Double> scores(List<Prompt> prompts, List<Image> images) {
    List<Double> scores = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      scores.add(task.score().applyAsDouble(images.get(i), prompts.get(i)));
    }
    return scores;
  }

  /**
   * The rewards of images that another program has made: those that a round of a trial would have.
   *
   * @param prompts of the images
   * @param images as many
   * @return as many win rates, in [0, 1]
   */
  List<Double> rewards(List<Prompt> prompts, List<Image> images) {
    int n = images.size();
    // The reward knows nothing of seeds and latents.
    try (INDArray latents = Nd4j.zeros(DataType.FLOAT, 2, n, 1, 1, 1);
        INDArray logs = Nd4j.zeros(DataType.FLOAT, 1, n)) {
      Rollout rollout =
          new Rollout(prompts, Seed.of(0).splits(n), images, latents, logs, List.of(1));
      Rewards rewards =
          WinRateReward.overall().score(rollout, oracle().rank(rollout.groups(), rubric()));
      if (rewards.present() < n) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "%s of %s images have no reward: each prompt needs at least 2 images",
                n - rewards.present(),
                n));
      }
      return rewards.values().stream().map(OptionalDouble::getAsDouble).toList();
    }
  }
}

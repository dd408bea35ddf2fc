package org.tastemaker.reward.ranking;

import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * The judge's own score for an image: {@link Judgement#scores}.
 *
 * <p>For judges that look at one image at a time. The scale is the judge's; scores are comparable
 * between prompts only if the judge's are.
 */
public final class PointwiseReward implements RewardModel {
  /** The reward. */
  public PointwiseReward() {}

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    return GroupRewards.of(rollout, judgements, PointwiseReward::scores);
  }

  private static List<OptionalDouble> scores(Judgement judgement) {
    if (judgement.scores().isEmpty()) {
      throw new IllegalArgumentException(
          "the judgement by '"
              + judgement.judge()
              + "' has an order but no scores, so it gives no pointwise reward; use"
              + " an oracle that scores, or WinRateReward");
    }
    for (int i = 0; i < judgement.scores().size(); i++) {
      OptionalDouble score = judgement.scores().get(i);
      if (score.isPresent() && !Double.isFinite(score.getAsDouble())) {
        throw new IllegalArgumentException(
            "the score of image "
                + i
                + " by '"
                + judgement.judge()
                + "' must be a finite number or missing, but was "
                + score.getAsDouble());
      }
    }
    return judgement.scores();
  }
}

package org.tastemaker.reward.ranking;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.Wins;

/**
 * The share of the other images of its prompt that an image beats (Wang et al., "Pref-GRPO:
 * Pairwise Preference Reward-based GRPO for Stable Text-to-Image Reinforcement Learning", 2025).
 *
 * <pre>
 *   r_i = 1 / (G - 1)  sum over j != i of  1(x_i beats x_j)
 * </pre>
 *
 * <p>Pointwise scores of good images lie close together, and dividing by their standard deviation
 * turns noise into advantages. Win rates are spread over [0, 1], whatever the images.
 *
 * <table class="striped">
 * <caption>Names</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>won</td><td>the sum; a tie counts one half, a soft label its
 * probability</td></tr>
 * <tr><td>compared</td><td>G - 1; fewer where the judge left images out</td></tr>
 * </tbody>
 * </table>
 *
 * <p>An image that was not compared with any other has no reward. So the reward of a single image
 * is missing.
 */
public final class WinRateReward implements RewardModel {
  private final JudgedOrder order;

  private WinRateReward(JudgedOrder order) {
    this.order = order;
  }

  /**
   * From the judge's overall order.
   *
   * @return the reward
   */
  public static WinRateReward overall() {
    return new WinRateReward(JudgedOrder.OVERALL);
  }

  /**
   * From the judge's probabilities of pairs: the sum is of the probabilities that the image is
   * better, such as a calibration has corrected them. Where a judgement has none, from its order.
   *
   * @return the reward
   */
  public static WinRateReward soft() {
    return new WinRateReward(JudgedOrder.SOFT);
  }

  /**
   * From the judge's order by one criterion.
   *
   * @param criterion its name in the rubric
   * @return the reward; missing where the judge gave no order by it
   */
  public static WinRateReward byCriterion(String criterion) {
    return new WinRateReward(JudgedOrder.by(criterion));
  }

  @Override
  public boolean isRelative() {
    return true;
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    order.requireKnown(judgements);
    return GroupRewards.of(
        rollout, judgements, judgement -> winRates(order.ballots(judgement).wins()));
  }

  /**
   * The win rates of a ranking's items.
   *
   * @param ranking may have ties and may be partial
   * @return one for each item, in [0, 1]; empty where an item was not compared with any other
   */
  public static List<OptionalDouble> winRates(Ranking ranking) {
    return winRates(Ballots.ofRankings(List.of(ranking)).wins());
  }

  private static List<OptionalDouble> winRates(Wins wins) {
    List<OptionalDouble> rates = new ArrayList<>(wins.size());
    for (int i = 0; i < wins.size(); i++) {
      double won = 0;
      int compared = 0;
      for (int j = 0; j < wins.size(); j++) {
        double n = i == j ? 0 : wins.comparisons(i, j); // several votes about a pair are one
        if (n > 0) {
          won += wins.get(i, j) / n;
          compared++;
        }
      }
      rates.add(compared == 0 ? OptionalDouble.empty() : OptionalDouble.of(won / compared));
    }
    return List.copyOf(rates);
  }
}

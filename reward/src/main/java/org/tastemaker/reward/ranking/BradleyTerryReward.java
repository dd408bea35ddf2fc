package org.tastemaker.reward.ranking;

import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.BradleyTerry;

/**
 * The log-worth of an image among the images of its prompt, by {@link BradleyTerry} with a Gaussian
 * prior.
 *
 * <pre>
 *   r = argmax over theta of  sum over i, j of W_ij ln sigma(theta_i - theta_j)  -  (lambda / 2) |theta|^2
 * </pre>
 *
 * <p>where W_ij is 1 if image i was ranked before image j and one half if they tie. Without a
 * prior, a single ranking has no finite maximum, so the precision must be above 0; it sets the
 * scale. The rewards of a prompt sum to 0. An image that was not compared with any other has no
 * reward.
 */
public final class BradleyTerryReward implements RewardModel {
  private final JudgedOrder order;
  private final BradleyTerry.Options options;

  private BradleyTerryReward(JudgedOrder order, BradleyTerry.Options options) {
    Priors.require(options.precision());
    this.order = order;
    this.options = options;
  }

  /**
   * From the judge's overall order.
   *
   * @param options with a prior
   * @return the reward
   */
  public static BradleyTerryReward overall(BradleyTerry.Options options) {
    return new BradleyTerryReward(JudgedOrder.OVERALL, options);
  }

  /**
   * From the judge's probabilities of pairs: W_ij is the probability that image i is better, such
   * as a calibration has corrected it. Where a judgement has none, from its order.
   *
   * @param options with a prior
   * @return the reward
   */
  public static BradleyTerryReward soft(BradleyTerry.Options options) {
    return new BradleyTerryReward(JudgedOrder.SOFT, options);
  }

  /**
   * From the judge's order by one criterion.
   *
   * @param criterion its name in the rubric
   * @param options with a prior
   * @return the reward; missing where the judge gave no order by it
   */
  public static BradleyTerryReward byCriterion(String criterion, BradleyTerry.Options options) {
    return new BradleyTerryReward(JudgedOrder.by(criterion), options);
  }

  @Override
  public boolean isRelative() {
    return true;
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    order.requireKnown(judgements);
    return GroupRewards.of(rollout, judgements, judgement -> worths(order.ballots(judgement)));
  }

  private List<OptionalDouble> worths(Ballots ballots) {
    List<Integer> items = ballots.comparableItems();
    double[] worths =
        items.isEmpty()
            ? new double[0]
            : BradleyTerry.fit(ballots.only(items).wins(), options).logWorths();
    return GroupRewards.some(ballots.size(), items, worths);
  }
}

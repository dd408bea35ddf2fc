package org.tastemaker.reward.ranking;

import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.PlackettLuce;

/**
 * The log-worth of an image among the images of its prompt, by {@link PlackettLuce} with a Gaussian
 * prior.
 *
 * <pre>
 *   r = argmax over theta of  ln P(ranking | theta)  -  (lambda / 2) |theta|^2
 * </pre>
 *
 * <p>Without a prior, a single ranking has no finite maximum, so the precision must be above 0; it
 * sets the scale. The rewards of a prompt sum to 0. An image that was not compared with any other
 * has no reward. For answers that name the best k, use {@link PlackettLuce.Options#forTopK}: of the
 * other images it is only known that they are not among the best, and they all get the same reward.
 */
public final class PlackettLuceReward implements RewardModel {
  private final JudgedOrder order;
  private final PlackettLuce.Options options;

  private PlackettLuceReward(JudgedOrder order, PlackettLuce.Options options) {
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
  public static PlackettLuceReward overall(PlackettLuce.Options options) {
    return new PlackettLuceReward(JudgedOrder.OVERALL, options);
  }

  /**
   * From the judge's order by one criterion.
   *
   * @param criterion its name in the rubric
   * @param options with a prior
   * @return the reward; missing where the judge gave no order by it
   */
  public static PlackettLuceReward byCriterion(String criterion, PlackettLuce.Options options) {
    return new PlackettLuceReward(JudgedOrder.by(criterion), options);
  }

  @Override
  public boolean isRelative() {
    return true;
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    order.requireKnown(judgements);
    return GroupRewards.of(rollout, judgements, judgement -> worths(order.of(judgement)));
  }

  private List<OptionalDouble> worths(Ranking ranking) {
    boolean nothingButATail =
        options.tail() == PlackettLuce.Tail.UNKNOWN && ranking.tiers().size() < 2;
    Ballots ballots = Ballots.ofRankings(List.of(ranking));
    List<Integer> items = nothingButATail ? List.of() : ballots.comparableItems();
    double[] worths =
        items.isEmpty()
            ? new double[0]
            : PlackettLuce.fit(ballots.only(items), options).logWorths();
    return GroupRewards.some(ranking.size(), items, worths);
  }
}

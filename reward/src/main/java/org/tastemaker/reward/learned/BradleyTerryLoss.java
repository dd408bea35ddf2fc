package org.tastemaker.reward.learned;

import java.util.Collections;
import java.util.Optional;
import org.tastemaker.core.aggregate.BradleyTerry;
import org.tastemaker.core.aggregate.ScoreLikelihood;
import org.tastemaker.core.aggregate.Wins;

/**
 * The Bradley-Terry loss over all pairs of a prompt (Ouyang et al., "Training language models to
 * follow instructions with human feedback", 2022, eq. 1; for images Xu et al., "ImageReward", 2023,
 * eq. 1), with soft labels.
 *
 * <pre>
 *   L = -1/N  sum over pairs (i, j) of  p_ij ln sigma(r_i - r_j) + (1 - p_ij) ln sigma(r_j - r_i)
 * </pre>
 *
 * <p>N is the number of comparisons: K (K - 1) / 2 for a full ranking of K images. p_ij is 1 or 0
 * for a ranking, 1/2 for a tie, and anything between for a soft label.
 */
public final class BradleyTerryLoss implements RewardLoss {
  /** The loss. */
  public BradleyTerryLoss() {}

  @Override
  public Optional<Term> of(JudgedGroup group) {
    Wins wins = group.ballots().wins();
    double comparisons = 0;
    for (int i = 0; i < wins.size(); i++) {
      comparisons += wins.comparisons(i) / 2;
    }
    if (comparisons == 0) {
      return Optional.empty();
    }
    return Optional.of(
        new Term(
            Collections.nCopies(group.size(), group.prompt()),
            group.images(),
            negative(BradleyTerry.likelihood(wins), comparisons)));
  }

  /** Minus a log-likelihood, divided by a number. */
  static Value negative(ScoreLikelihood likelihood, double divisor) {
    return (scores, gradient) -> {
      double value = likelihood.evaluate(scores, gradient);
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] /= -divisor;
      }
      return -value / divisor;
    };
  }
}

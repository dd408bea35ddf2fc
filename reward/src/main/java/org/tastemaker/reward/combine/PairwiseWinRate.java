package org.tastemaker.reward.combine;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * The share of the other images of its prompt that an image beats by another reward (Wang et al.,
 * "Pref-GRPO: Pairwise Preference Reward-based GRPO for Stable Text-to-Image Reinforcement
 * Learning", 2025).
 *
 * <pre>
 *   r_i = 1 / (G - 1)  sum over j != i of  1(s_i &gt; s_j + margin)
 * </pre>
 *
 * <p>Scores of good images lie close together, and dividing by their standard deviation turns noise
 * into advantages. Win rates are spread over [0, 1], whatever the images; and a margin makes a tie,
 * which counts one half, of differences that are only noise. For a judge's rankings there is {@link
 * org.tastemaker.reward.ranking.WinRateReward}, for any matrix of verdicts {@link #rates}.
 */
public final class PairwiseWinRate implements RewardModel {
  private final RewardModel score;
  private final double margin;

  private PairwiseWinRate(RewardModel score, double margin) {
    this.score = score;
    this.margin = margin;
  }

  /**
   * Win rates by a score.
   *
   * @param score compares images of one prompt
   * @param margin by how much an image must be better to win, at least 0 and finite
   * @return the reward
   */
  public static PairwiseWinRate of(RewardModel score, double margin) {
    if (!(margin >= 0) || Double.isInfinite(margin)) {
      throw new IllegalArgumentException("margin must be at least 0 and finite, but was " + margin);
    }
    return new PairwiseWinRate(Objects.requireNonNull(score, "score == null"), margin);
  }

  @Override
  public boolean isRelative() {
    return true;
  }

  /** An image without a score, and one that no other can be compared with, has no reward. */
  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    Rewards scores = score.score(rollout, judgements);
    OptionalDouble[] out = new OptionalDouble[rollout.size()];
    Arrays.fill(out, OptionalDouble.empty());
    for (List<Integer> group : rollout.groupIndices()) {
      List<Integer> present = group.stream().filter(i -> scores.get(i).isPresent()).toList();
      int n = present.size();
      double[][] beats = new double[n][n];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          beats[i][j] =
              verdict(
                  scores.get(present.get(i)).getAsDouble(),
                  scores.get(present.get(j)).getAsDouble());
        }
      }
      double[] rates = rates(beats);
      for (int i = 0; i < rates.length; i++) {
        out[present.get(i)] = OptionalDouble.of(rates[i]);
      }
    }
    return new Rewards(Arrays.asList(out));
  }

  private double verdict(double own, double other) {
    return Math.abs(own - other) <= margin ? 0.5 : own > other ? 1 : 0;
  }

  /**
   * Win rates of a group by verdicts on its pairs, each of which may have been judged in one order
   * or in both, with different results.
   *
   * @param beats [G, G]: how much image i beats image j, in [0, 1]; the diagonal is not read
   * @return r, [G]; empty for a group of one, which beats nothing
   */
  public static double[] rates(double[][] beats) {
    int n = beats.length;
    if (n < 2) {
      return new double[0];
    }
    double[] rates = new double[n];
    for (int i = 0; i < n; i++) {
      if (beats[i].length != n) {
        throw new IllegalArgumentException(
            "the verdicts on "
                + n
                + " images have "
                + n
                + " columns, but row "
                + i
                + " has "
                + beats[i].length);
      }
      for (int j = 0; j < n; j++) {
        if (i == j) {
          continue;
        }
        if (!(beats[i][j] >= 0 && beats[i][j] <= 1)) {
          throw new IllegalArgumentException(
              "a verdict must be in [0, 1], but the one on image "
                  + i
                  + " against "
                  + j
                  + " is "
                  + beats[i][j]);
        }
        rates[i] += beats[i][j] / (n - 1);
      }
    }
    return rates;
  }
}

package org.tastemaker.reward.clip;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.train.ChoiceLoss;
import org.tastemaker.reward.learned.JudgedGroup;
import org.tastemaker.reward.learned.RewardEvaluation;

/**
 * How well scores predict a judge's choices.
 *
 * <p><b>Choice accuracy</b>: of the times that a judge chose among the images of a prompt, how
 * often the image with the highest score was the chosen one, or one of those that tied for the
 * first place. Where k images have the highest score, each counts 1/k. The interval is a bootstrap
 * over prompts, each drawn with all its choices. By chance one would get the mean of 1 over the
 * number of images (times the number of those that tied).
 *
 * <p>{@link #pairs} is the accuracy over pairs, by chance one half.
 *
 * @param prompts how many have a choice that counted
 * @param choices how many counted
 * @param accuracy in [0, 1]; empty if there was no choice
 * @param interval of the accuracy; empty if there is none, or fewer than two prompts
 * @param chance the accuracy that one would expect of random scores; empty if there was no choice
 * @param pairs over all pairs of images of the same prompt
 */
public record HpsEvaluation(
    int prompts,
    int choices,
    OptionalDouble accuracy,
    Optional<RewardEvaluation.Interval> interval,
    OptionalDouble chance,
    RewardEvaluation pairs) {

  /**
   * Evaluates scores.
   *
   * @param groups judged images
   * @param scores for each group, a score for each image
   * @param options of the intervals, and for the pairs
   * @param seed of the bootstraps
   * @return the evaluation
   */
  public static HpsEvaluation of(
      List<JudgedGroup> groups,
      List<double[]> scores,
      RewardEvaluation.Options options,
      Seed seed) {
    RewardEvaluation pairs = RewardEvaluation.of(groups, scores, options, seed.split("pairs"));
    double[] right = new double[groups.size()];
    int[] counted = new int[groups.size()];
    double chances = 0;
    for (int g = 0; g < counted.length; g++) {
      for (ChoiceLoss.Choice choice : HpsForm.BEST.of(groups.get(g))) {
        counted[g]++;
        right[g] += share(choice, scores.get(g));
        chances += share(choice, new double[groups.get(g).size()]); // of equal scores
      }
    }
    int choices = Arrays.stream(counted).sum();
    if (choices == 0) {
      return new HpsEvaluation(
          0, 0, OptionalDouble.empty(), Optional.empty(), OptionalDouble.empty(), pairs);
    }
    return new HpsEvaluation(
        (int) Arrays.stream(counted).filter(c -> c > 0).count(),
        choices,
        OptionalDouble.of(Arrays.stream(right).sum() / choices),
        RewardEvaluation.Interval.ofShares(right, counted, options, seed.split("choices")),
        OptionalDouble.of(chances / choices),
        pairs);
  }

  /** The share of the images with the highest score that were chosen. */
  private static double share(ChoiceLoss.Choice choice, double[] scores) {
    double most = choice.shares().stream().max().orElseThrow();
    double highest = choice.images().stream().mapToDouble(i -> scores[i]).max().orElseThrow();
    int chosen = 0;
    int all = 0;
    for (int i = 0; i < choice.images().length(); i++) {
      if (scores[choice.images().get(i)] == highest) {
        all++;
        chosen += choice.shares().get(i) == most ? 1 : 0;
      }
    }
    return (double) chosen / all;
  }
}

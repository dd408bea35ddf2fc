package org.tastemaker.reward.learned;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.Wins;

/**
 * How well scores agree with judgements.
 *
 * <p><b>Accuracy</b>: of the pairs of images of the same prompt in which the judge prefers one
 * image, the share that the scores put in the same order. Pairs of a prompt are not independent, so
 * the interval is a bootstrap over prompts: prompts are drawn with replacement, each with all its
 * pairs, and the interval lies between percentiles of the resulting accuracies.
 *
 * <p><b>Calibration</b>: whether {@code sigma(difference of scores)} is the probability that the
 * judge prefers the one with the higher score (Guo et al., "On Calibration of Modern Neural
 * Networks", 2017, eq. 3):
 *
 * <pre>
 *   ECE = sum over bins B of  |B| / n  | mean outcome in B - mean confidence in B |
 * </pre>
 *
 * <p>with bins of equal width over the confidences, which are in [1/2, 1]. The outcome of a pair is
 * 1, 0, or the judge's soft label; a tie is 1/2. Only losses that are likelihoods of comparisons
 * train for calibration.
 *
 * @param prompts the number of prompts with a pair that counted towards the accuracy
 * @param pairs the number of pairs that counted towards the accuracy
 * @param judgedTies pairs that the judge considers equal
 * @param predictedTies pairs with a preference but with equal scores
 * @param ties how the latter are counted
 * @param accuracy in [0, 1]; empty if no pair counted
 * @param interval of the accuracy; empty if there is no accuracy, or fewer than two prompts
 * @param calibrationError in [0, 1]; empty if nothing was compared
 * @param bins from the lowest to the highest confidence, without empty bins
 */
public record RewardEvaluation(
    int prompts,
    int pairs,
    int judgedTies,
    int predictedTies,
    TiePolicy ties,
    OptionalDouble accuracy,
    Optional<Interval> interval,
    OptionalDouble calibrationError,
    List<Bin> bins) {
  public RewardEvaluation {
    bins = List.copyOf(bins);
  }

  /**
   * A confidence interval.
   *
   * @param low lower end
   * @param high upper end
   * @param level the confidence, in (0, 1)
   */
  public record Interval(double low, double high, double level) {
    /**
     * The interval of a share by bootstrap: percentiles over prompts that are drawn with
     * replacement, each with all that counts in it.
     *
     * @param right how much of each prompt is right
     * @param counted how much of each prompt counts; those with nothing are not drawn
     * @param options the resamples and the level
     * @param seed draws
     * @return the interval; empty with fewer than two prompts
     */
    public static Optional<Interval> ofShares(
        double[] right, int[] counted, Options options, Seed seed) {
      int[] prompts = // prompts without a pair that counts would only make the samples smaller
          IntStream.range(0, counted.length).filter(g -> counted[g] > 0).toArray();
      if (prompts.length < 2) {
        return Optional.empty();
      }
      RandomGenerator random = seed.generator();
      double[] accuracies = new double[options.resamples()];
      for (int r = 0; r < accuracies.length; r++) {
        double rights = 0;
        int all = 0;
        for (int k = 0; k < prompts.length; k++) {
          int g = prompts[random.nextInt(prompts.length)];
          rights += right[g];
          all += counted[g];
        }
        accuracies[r] = rights / all;
      }
      Arrays.sort(accuracies);
      double tail = (1 - options.level()) / 2;
      return Optional.of(
          new Interval(
              quantile(accuracies, tail), quantile(accuracies, 1 - tail), options.level()));
    }

    private static double quantile(double[] sorted, double q) {
      double at = q * (sorted.length - 1);
      int below = (int) Math.floor(at);
      int above = Math.min(below + 1, sorted.length - 1);
      return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
  }

  /**
   * The pairs of similar confidence.
   *
   * @param pairs their number
   * @param confidence their mean confidence
   * @param outcome their mean outcome
   */
  public record Bin(int pairs, double confidence, double outcome) {}

  /**
   * How to evaluate.
   *
   * @param ties how equal scores are counted
   * @param level confidence of the interval, in (0, 1)
   * @param resamples of the bootstrap, at least 100
   * @param bins of the calibration, at least 1
   */
  @RecordBuilder
  public record Options(TiePolicy ties, double level, int resamples, int bins)
      implements RewardEvaluationOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(ties, "ties == null");
      if (!(level > 0 && level < 1)) {
        throw new IllegalArgumentException("level must be in (0, 1), but was " + level);
      }
      if (resamples < 100) {
        throw new IllegalArgumentException("resamples must be at least 100, but was " + resamples);
      }
      if (bins < 1) {
        throw new IllegalArgumentException("bins must be at least 1, but was " + bins);
      }
    }

    /**
     * Equal scores count as wrong; a 95 % interval from 1000 resamples; 10 bins.
     *
     * @return the default options
     */
    public static Options defaults() {
      return new Options(TiePolicy.WRONG, 0.95, 1000, 10);
    }
  }

  /**
   * Evaluates scores.
   *
   * @param groups judged groups
   * @param scores for each group, a score for each image
   * @param options how to evaluate
   * @param seed of the bootstrap
   * @return the evaluation
   */
  public static RewardEvaluation of(
      List<JudgedGroup> groups, List<double[]> scores, Options options, Seed seed) {
    if (groups.size() != scores.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be scores for each of the %s groups, but there were %s",
              groups.size(),
              scores.size()));
    }
    double[] right = new double[groups.size()];
    int[] counted = new int[groups.size()];
    int judgedTies = 0;
    int predictedTies = 0;
    double[] confidence = new double[options.bins()];
    double[] outcome = new double[options.bins()];
    int[] inBin = new int[options.bins()];
    for (int g = 0; g < groups.size(); g++) {
      double[] s = requireScores(groups.get(g), scores.get(g));
      Wins wins = groups.get(g).ballots().wins();
      for (int i = 0; i < s.length; i++) {
        for (int j = i + 1; j < s.length; j++) {
          if (wins.comparisons(i, j) == 0) {
            continue;
          }
          // 1. Order the pair so that the image with the higher score is first.
          double label = wins.get(i, j) / wins.comparisons(i, j);
          double agreed = s[i] > s[j] ? label : s[i] < s[j] ? 1 - label : 0.5;
          double sure = 1 / (1 + Math.exp(-Math.abs(s[i] - s[j])));
          // 2. Calibration.
          int bin = (int) Math.min(options.bins() - 1, (2 * sure - 1) * options.bins());
          inBin[bin]++;
          confidence[bin] += sure;
          outcome[bin] += agreed;
          // 3. Accuracy.
          if (label == 0.5) {
            judgedTies++;
          } else if (s[i] != s[j]) {
            counted[g]++;
            right[g] += agreed > 0.5 ? 1 : 0;
          } else {
            predictedTies++;
            counted[g] += options.ties() == TiePolicy.SKIP ? 0 : 1;
            right[g] +=
                switch (options.ties()) {
                  case RIGHT -> 1;
                  case HALF -> 0.5;
                  case WRONG, SKIP -> 0;
                };
          }
        }
      }
    }
    int pairs = Arrays.stream(counted).sum();
    int compared = Arrays.stream(inBin).sum();
    List<Bin> bins = new ArrayList<>();
    double error = 0;
    for (int b = 0; b < inBin.length; b++) {
      if (inBin[b] > 0) {
        bins.add(new Bin(inBin[b], confidence[b] / inBin[b], outcome[b] / inBin[b]));
        error += Math.abs(outcome[b] - confidence[b]) / compared;
      }
    }
    return new RewardEvaluation(
        (int) Arrays.stream(counted).filter(c -> c > 0).count(),
        pairs,
        judgedTies,
        predictedTies,
        options.ties(),
        pairs == 0 ? OptionalDouble.empty() : OptionalDouble.of(Arrays.stream(right).sum() / pairs),
        Interval.ofShares(right, counted, options, seed),
        compared == 0 ? OptionalDouble.empty() : OptionalDouble.of(error),
        bins);
  }

  private static double[] requireScores(JudgedGroup group, double[] scores) {
    if (scores.length != group.size() || Arrays.stream(scores).anyMatch(s -> !Double.isFinite(s))) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the %s images of prompt '%s' need a finite score each, but had %s",
              group.size(),
              group.prompt().text(),
              Arrays.toString(scores)));
    }
    return scores;
  }
}

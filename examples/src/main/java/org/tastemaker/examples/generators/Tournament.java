package org.tastemaker.examples.generators;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.BradleyTerry;
import org.tastemaker.core.aggregate.Wins;
import org.tastemaker.examples.measure.Estimate;

/**
 * Who won against whom. All intervals are of the bootstrap over prompts: images of a prompt are
 * drawn together.
 */
public final class Tournament {
  private static final BradleyTerry.Options FIT = BradleyTerry.Options.defaults();

  private final List<Arm> arms;
  private final List<List<double[][]>> prompts;
  private final Seed seed;

  /**
   * Results.
   *
   * @param arms what was compared, at least two
   * @param prompts for each prompt and each of its images, {@code [first][second]}: the first arm's
   *     share of the win, 1, one half or 0, and NaN where there is no result; only those with
   *     {@code first < second} are looked at
   * @param seed of the bootstrap
   */
  public Tournament(List<Arm> arms, List<List<double[][]>> prompts, Seed seed) {
    this.arms = List.copyOf(arms);
    this.prompts = prompts.stream().map(List::copyOf).toList();
    this.seed = seed;
    if (arms.size() < 2 || prompts.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be at least 2 arms and 1 prompt, but were %d and %d",
              arms.size(),
              prompts.size()));
    }
  }

  /**
   * What was compared.
   *
   * @return the arms
   */
  public List<Arm> arms() {
    return arms;
  }

  /** A share of the win; NaN where there is no result. */
  private static double share(double[][] results, int one, int other) {
    return one < other ? results[one][other] : 1 - results[other][one];
  }

  /**
   * How often an arm wins against another; a tie is one half.
   *
   * @param one index of an arm
   * @param other index of another
   * @return the rate; n is the number of results
   */
  public Estimate winRate(int one, int other) {
    return mean(results -> new double[] {share(results, one, other)});
  }

  /**
   * How often an arm wins against all others.
   *
   * @param arm its index
   * @return the mean over all its results
   */
  public Estimate winRate(int arm) {
    return mean(
        results -> {
          double[] shares = new double[arms.size()];
          for (int other = 0; other < shares.length; other++) {
            shares[other] = other == arm ? Double.NaN : share(results, arm, other);
          }
          return shares;
        });
  }

  /**
   * An arm's score by the Bradley-Terry model: the logarithm of its worth over the mean of all, so
   * that a difference of 1 is a win rate of 73 %. A weak prior keeps it finite for an arm that wins
   * always.
   *
   * @param arm its index
   * @return the score; n is the number of results of the arm
   */
  public Estimate score(int arm) {
    List<double[][]> wins = prompts.stream().map(this::wins).toList();
    Estimate score = Estimate.bootstrap(wins, drawn -> logWorth(drawn, arm), 0, seed);
    return new Estimate(score.value(), score.low(), score.high(), winRate(arm).n());
  }

  private double logWorth(List<double[][]> drawn, int arm) {
    double[][] sum = new double[arms.size()][arms.size()];
    for (double[][] wins : drawn) {
      for (int i = 0; i < sum.length; i++) {
        for (int j = 0; j < sum.length; j++) {
          sum[i][j] += wins[i][j];
        }
      }
    }
    double[] worths = BradleyTerry.fit(Wins.of(sum), FIT).logWorths();
    return worths[arm] - Arrays.stream(worths).average().orElseThrow();
  }

  private double[][] wins(List<double[][]> images) {
    double[][] wins = new double[arms.size()][arms.size()];
    for (double[][] results : images) {
      for (int i = 0; i < wins.length; i++) {
        for (int j = 0; j < wins.length; j++) {
          double share = i == j ? Double.NaN : share(results, i, j);
          wins[i][j] += Double.isNaN(share) ? 0 : share;
        }
      }
    }
    return wins;
  }

  /**
   * What rewriting does to a source, seen through the others: its mean share against the arms of
   * other sources with rewritten prompts, less that with the prompts as they are, image by image.
   *
   * @param source its name, with both arms
   * @return the paired difference, from -1 to 1; above 0 where rewriting helps
   */
  public Estimate effectOfRewriting(String source) {
    int plain = arms.indexOf(new Arm(source, false));
    int rewritten = arms.indexOf(new Arm(source, true));
    if (plain < 0 || rewritten < 0) {
      throw new IllegalArgumentException(source + " does not have both arms; there are " + arms);
    }
    return mean(
        results -> {
          double[] differences = new double[arms.size()];
          for (int other = 0; other < differences.length; other++) {
            differences[other] =
                arms.get(other).source().equals(source)
                    ? Double.NaN
                    : share(results, rewritten, other) - share(results, plain, other);
          }
          return new double[] {
            Arrays.stream(differences).filter(d -> !Double.isNaN(d)).average().orElse(Double.NaN)
          };
        });
  }

  /**
   * How many comparisons have no result.
   *
   * @return of all pairs of arms, prompts and images
   */
  public long missing() {
    long missing = 0;
    for (List<double[][]> images : prompts) {
      for (double[][] results : images) {
        for (int i = 0; i < arms.size(); i++) {
          for (int j = i + 1; j < arms.size(); j++) {
            missing += Double.isNaN(results[i][j]) ? 1 : 0;
          }
        }
      }
    }
    return missing;
  }

  private Estimate mean(Function<double[][], double[]> values) {
    List<double[]> groups = new ArrayList<>();
    int n = 0;
    for (List<double[][]> images : prompts) {
      double[] group =
          images.stream()
              .flatMapToDouble(results -> Arrays.stream(values.apply(results)))
              .filter(value -> !Double.isNaN(value))
              .toArray();
      if (group.length > 0) {
        groups.add(group);
        n += group.length;
      }
    }
    return groups.isEmpty()
        ? new Estimate(Double.NaN, Double.NaN, Double.NaN, 0)
        : Estimate.bootstrap(groups, Estimate::mean, n, seed);
  }
}

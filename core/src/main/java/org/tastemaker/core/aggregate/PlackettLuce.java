package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;

/**
 * The Plackett-Luce model: a ranking comes about by drawing the best item with a probability in
 * proportion to its worth, then the next of those that are left, and so on (R. D. Luce, "Individual
 * Choice Behavior", 1959; R. L. Plackett, "The Analysis of Permutations", Applied Statistics 24,
 * 1975).
 *
 * <p>With log-worths {@code theta}, a choice of item c out of a set R has the log-probability
 *
 * <pre>
 *   theta_c - ln sum over j in R of exp(theta_j)
 * </pre>
 *
 * <p>and the fit maximises the sum over all choices of all rankings, less {@code (lambda / 2)
 * |theta|^2}. Rankings may be of different subsets of the items (the missing ones of a partial
 * ranking are not in R). With two items a choice it is {@link BradleyTerry}.
 *
 * <p>Tied items t of a tier T: the mean over all orders in which they may have come. That is exact
 * and still concave: an item is drawn after the subset S of the tier with the same probability for
 * all S of one size, so the tier is a weighted sum of choices out of {@code R - S}. For two items
 * it is the half-and-half of Bradley-Terry. A {@linkplain Tail last tier} of a k-best answer is not
 * a tie: nothing is known of its order, and it adds nothing.
 *
 * <table class="striped">
 * <caption>Names</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>Choice.from</td><td>R, or R - S in a tie</td></tr>
 * <tr><td>Choice.chosen</td><td>c; the candidates T - S, equally likely, in a tie</td></tr>
 * <tr><td>Choice.weight</td><td>1; 1 / (|T| over |S|) in a tie</td></tr>
 * <tr><td>precision</td><td>lambda</td></tr>
 * </tbody>
 * </table>
 */
public final class PlackettLuce {
  /** All subsets of a tie are visited: 4096 for this many items. */
  private static final int MAX_TIE = 12;

  private PlackettLuce() {}

  /** What a last tier of several items means. */
  public enum Tail {
    /** They were judged equal. */
    TIED,
    /** They are the rest behind the k best, in an order that nobody asked for. */
    UNKNOWN
  }

  /**
   * How to fit.
   *
   * @param precision of the Gaussian prior around 0 on each log-worth, at least 0; as in {@link
   *     BradleyTerry.Options}
   * @param tail what a last tier of several items means
   */
  public record Options(double precision, Tail tail) {
    public Options {
      if (!(precision >= 0 && precision < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "the precision of the prior must be finite and at least 0, but was " + precision);
      }
    }

    /**
     * A weak prior, and ties that are ties.
     *
     * @return precision 0.1
     */
    public static Options defaults() {
      return new Options(0.1, Tail.TIED);
    }

    /**
     * Plain maximum likelihood, and ties that are ties.
     *
     * @return precision 0
     */
    public static Options withoutPrior() {
      return new Options(0, Tail.TIED);
    }

    /**
     * These options for answers to "which are the k best?".
     *
     * @return with {@link Tail#UNKNOWN}
     */
    public Options forTopK() {
      return new Options(precision, Tail.UNKNOWN);
    }
  }

  /**
   * Fits the worths.
   *
   * @param ballots rankings, and comparisons with soft labels
   * @param options how
   * @return the log-worths with their covariance
   * @throws IllegalArgumentException if there is no prior and no finite maximum, or if more than 12
   *     items share a tier; the message says which
   */
  public static Worths fit(Ballots ballots, Options options) {
    if (options.precision() == 0) {
      List<Choice> choices = choices(ballots, options.tail(), Integer.MAX_VALUE);
      String why = wins(ballots.size(), choices).whyNoMaximum();
      if (!why.isEmpty()) {
        throw new IllegalArgumentException(why);
      }
    }
    return posterior(ballots, options).maximum();
  }

  /**
   * What {@link #fit} maximises, without the prior: for networks that are trained on it.
   *
   * @param ballots rankings, and comparisons with soft labels
   * @param tail what a last tier of several items means
   * @param depth how many choices of each ranking count, at least 1: k for the likelihood of its k
   *     best items (top-k), {@link Integer#MAX_VALUE} for the whole ranking. Of a tier that reaches
   *     over the k-th place, those choices count that fall on the first k places
   * @return the sum over all choices of {@code theta_c - ln sum over R of exp(theta_j)}
   */
  public static ScoreLikelihood likelihood(Ballots ballots, Tail tail, int depth) {
    if (depth < 1) {
      throw new IllegalArgumentException(
          "at least the first choice of a ranking must count, but depth was " + depth);
    }
    return posterior(ballots.size(), choices(ballots, tail, depth), 0).asLikelihood();
  }

  static LogPosterior posterior(Ballots ballots, Options options) {
    return posterior(
        ballots.size(), choices(ballots, options.tail(), Integer.MAX_VALUE), options.precision());
  }

  private static LogPosterior posterior(int size, List<Choice> choices, double precision) {
    return new LogPosterior(size, precision) {
      @Override
      double logLikelihood(double[] theta, double[] gradient, double[][] information) {
        double sum = 0;
        for (Choice choice : choices) {
          sum += choice.add(theta, gradient, information);
        }
        return sum;
      }
    };
  }

  /** A choice of one of the (equally likely) chosen items out of a set, counted with a weight. */
  private record Choice(int[] from, int[] chosen, double weight) {
    double add(double[] theta, double[] gradient, double[][] information) {
      double top = Arrays.stream(from).mapToDouble(j -> theta[j]).max().orElseThrow();
      double sum = 0;
      for (int j : from) {
        sum += Math.exp(theta[j] - top);
      }
      double value = 0;
      for (int c : chosen) {
        value += theta[c] / chosen.length;
        gradient[c] += weight / chosen.length;
      }
      for (int j : from) {
        double pj = Math.exp(theta[j] - top) / sum;
        gradient[j] -= weight * pj;
        information[j][j] += weight * pj;
        for (int k : from) {
          information[j][k] -= weight * pj * Math.exp(theta[k] - top) / sum;
        }
      }
      return weight * (value - top - Math.log(sum));
    }
  }

  private static List<Choice> choices(Ballots ballots, Tail tail, int depth) {
    List<Choice> choices = new ArrayList<>();
    for (Ranking ranking : ballots.rankings()) {
      // R: all items of this and later tiers
      int place = 0; // items of earlier tiers
      for (int t = 0; t < ranking.tiers().size() && place < depth; t++) {
        List<Integer> tier = ranking.tiers().get(t);
        int[] later =
            ranking.tiers().subList(t + 1, ranking.tiers().size()).stream()
                .flatMap(List::stream)
                .mapToInt(i -> i)
                .toArray();
        boolean last = later.length == 0;
        if (last && (tier.size() == 1 || tail == Tail.UNKNOWN)) {
          continue; // the only item left is chosen for certain; an unknown order says nothing
        }
        addTier(choices, tier.stream().mapToInt(i -> i).toArray(), later, depth - place);
        place += tier.size();
      }
    }
    for (Preference pair : ballots.preferences()) {
      int[] both = {pair.first(), pair.second()};
      choices.add(new Choice(both, new int[] {pair.first()}, pair.probability()));
      choices.add(new Choice(both, new int[] {pair.second()}, 1 - pair.probability()));
    }
    choices.removeIf(choice -> choice.weight() == 0);
    return choices;
  }

  private static void addTier(List<Choice> choices, int[] tier, int[] later, int depth) {
    int size = tier.length;
    if (size > MAX_TIE) {
      throw new IllegalArgumentException(
          "at most "
              + MAX_TIE
              + " items may share a tier, but items "
              + Arrays.toString(tier)
              + " do; if they are the rest behind the k best, use Options.forTopK()");
    }
    for (int taken = 0; taken < (1 << size) - 1; taken++) { // S, all proper subsets of the tier
      if (Integer.bitCount(taken) >= depth) {
        continue;
      }
      int[] chosen = new int[size - Integer.bitCount(taken)];
      int c = 0;
      for (int i = 0; i < size; i++) {
        if ((taken >> i & 1) == 0) {
          chosen[c++] = tier[i];
        }
      }
      int[] from = Arrays.copyOf(chosen, chosen.length + later.length);
      System.arraycopy(later, 0, from, chosen.length, later.length);
      if (from.length > 1) {
        choices.add(new Choice(from, chosen, 1 / binomial(size, Integer.bitCount(taken))));
      }
    }
  }

  /** Who was chosen over whom: the same graph decides whether there is a maximum. */
  private static Wins wins(int size, List<Choice> choices) {
    double[][] wins = new double[size][size];
    for (Choice choice : choices) {
      for (int c : choice.chosen()) {
        for (int j : choice.from()) {
          wins[c][j] += c == j ? 0 : choice.weight();
        }
      }
    }
    return Wins.of(wins);
  }

  private static double binomial(int n, int k) {
    double out = 1;
    for (int i = 1; i <= k; i++) {
      out = out * (n - k + i) / i;
    }
    return out;
  }
}

package org.tastemaker.core.aggregate;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.aggregate.CrowdVotes.Vote;

/**
 * The Bradley-Terry model of raters who differ in quality: X. Chen, P. N. Bennett, K.
 * Collins-Thompson and E. Horvitz, "Pairwise Ranking Aggregation in a Crowdsourced Setting", WSDM
 * 2013, the model of sec. 3 (Crowd-BT). A rater of quality eta reads a pair right with this
 * probability, and otherwise the wrong way round:
 *
 * <pre>
 *   P(k says i before j) = eta_k sigma(theta_i - theta_j) + (1 - eta_k) sigma(theta_j - theta_i)
 *
 *   maximise  sum over votes of  y ln P(k says i before j) + (1 - y) ln P(k says j before i)
 *             + sum over raters of  (alpha - 1) ln eta_k + (beta - 1) ln(1 - eta_k)
 *             - (lambda / 2) |theta|^2
 * </pre>
 *
 * <p>Two things are not the paper's. Its virtual item that every item is compared with is a
 * Gaussian prior here, as in {@link BradleyTerry}. And each eta has a Beta prior with its mean over
 * one half: without it, all scores turned round with all qualities is as good an answer, and which
 * of the two is found would be an accident.
 *
 * <table class="striped">
 * <caption>Names</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>theta</td><td>theta_i, log-worth of an item</td></tr>
 * <tr><td>eta</td><td>eta_k, quality of a rater; one half is a coin, less is against the
 * others</td></tr>
 * <tr><td>y</td><td>the vote: 1, one half for a tie, or a soft label</td></tr>
 * <tr><td>right</td><td>the probability that a vote was read right</td></tr>
 * <tr><td>precision, right, wrong</td><td>lambda, alpha, beta</td></tr>
 * </tbody>
 * </table>
 *
 * <p>A tie is half a vote either way. Items of different prompts may be fitted together: they share
 * the raters, and only items that were compared, however indirectly, have scores that may be
 * compared.
 *
 * <p>Scores and qualities are fitted to the same votes, and where each item has few of them, the
 * scores follow too well: qualities come out too far from one half, with errors too small. Of four
 * simulated raters of 0.95, 0.85, 0.70 and 0.20 who all compared all pairs, the mean fits were
 * 0.995, 0.99, 0.83 and 0.06 with 4 items a prompt, and 0.97, 0.89, 0.72 and 0.19 with 40. The
 * order of the raters was right in both.
 *
 * <p>The fit climbs by expectation and maximisation (Dempster, Laird and Rubin, 1977), each round
 * of which cannot lower the function; it draws nothing at random. Its result is a local maximum,
 * the one that it reaches from equally good raters.
 */
public final class CrowdBradleyTerry {
  private CrowdBradleyTerry() {}

  /**
   * How to fit.
   *
   * @param precision of the Gaussian prior around 0 on each log-worth, above 0
   * @param right alpha of the Beta prior on each quality, above {@code wrong}
   * @param wrong beta, above 1, so that no quality is 0 or 1
   * @param tolerance the fit ends where no quality and no log-worth moves by more, above 0
   * @param maxRounds at least 1
   */
  public record Options(
      double precision, double right, double wrong, double tolerance, int maxRounds) {
    public Options {
      if (!(precision > 0 && precision < Double.POSITIVE_INFINITY)
          || !(wrong > 1 && right > wrong && right < Double.POSITIVE_INFINITY)
          || !(tolerance > 0)
          || maxRounds < 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a fit of raters needs a precision and a tolerance above 0, right > wrong > 1, and"
                    + " at least 1 round, but they were %s, %s, right %s, wrong %s, %d",
                precision,
                tolerance,
                right,
                wrong,
                maxRounds));
      }
    }

    /**
     * Weak priors: precision 0.1, Beta(4, 2), whose most likely quality is 3/4.
     *
     * @return with a tolerance of 1e-9 and at most 20,000 rounds
     */
    public static Options defaults() {
      return new Options(0.1, 4, 2, 1e-9, 20_000);
    }
  }

  /**
   * A rater's quality.
   *
   * @param eta in (0, 1): how often the rater reads a pair right
   * @param error its standard error, from the observed information of all scores and qualities
   * @param votes how many the rater gave
   */
  public record Quality(double eta, double error, long votes) {
    /**
     * The rater's weight among several: {@code 2 eta - 1}.
     *
     * @return in [0, 1]; 0 for one who is no better than a coin
     */
    public double weight() {
      return Math.max(0, 2 * eta - 1);
    }
  }

  /**
   * What was fitted.
   *
   * @param logWorths of each item; they sum to 0 over items that were compared with each other, and
   *     are 0 for an item without a vote
   * @param errors the standard error of each; that of the prior for an item without a vote
   * @param raters by name
   * @param value of the function at its maximum
   * @param rounds that the fit took
   * @param converged whether it ended by the tolerance
   */
  public record Fit(
      List<Double> logWorths,
      List<Double> errors,
      Map<String, Quality> raters,
      double value,
      int rounds,
      boolean converged) {
    public Fit {
      logWorths = List.copyOf(logWorths);
      errors = List.copyOf(errors);
      raters = Collections.unmodifiableMap(new TreeMap<>(raters));
    }
  }

  /**
   * Fits scores and qualities.
   *
   * @param items how many there are, at least 1
   * @param given votes, at least one
   * @param options how
   * @return the maximum
   * @throws IllegalArgumentException if there is no vote, or one is about an item that there is not
   */
  public static Fit fit(int items, List<RaterVote> given, Options options) {
    CrowdVotes votes = CrowdVotes.of(items, given);
    // 1. Begin with equally good raters, and the scores that follow.
    double[] eta = new double[votes.raters().size()];
    Arrays.fill(eta, options.right() / (options.right() + options.wrong()));
    double[] theta = new double[items];
    boolean converged = false;
    int round = 0;
    while (!converged && round < options.maxRounds()) {
      // 2. Expectation: was each vote read right, given the scores so far?
      double[][] right = new double[votes.all().size()][];
      for (int v = 0; v < right.length; v++) {
        Vote vote = votes.all().get(v);
        right[v] = vote.right(eta[vote.rater()], theta);
      }
      // 3. Maximisation: the share of right votes with the prior; scores of the votes as they were
      //    meant.
      double[] nextEta = qualities(votes, right, options);
      double[] nextTheta = scores(votes, right, options);
      double moved = Math.max(furthest(eta, nextEta), furthest(theta, nextTheta));
      eta = nextEta;
      theta = nextTheta;
      round++;
      converged = moved <= options.tolerance();
    }
    // 4. Errors around the maximum.
    CrowdInformation information =
        CrowdInformation.of(
            votes, theta, eta, options.precision(), options.right(), options.wrong());
    Map<String, Quality> qualities = new TreeMap<>();
    for (int k = 0; k < eta.length; k++) {
      qualities.put(
          votes.raters().get(k),
          new Quality(eta[k], information.errorsOfQualities()[k], votes.count(k)));
    }
    return new Fit(
        Arrays.stream(theta).boxed().toList(),
        Arrays.stream(information.errorsOfScores()).boxed().toList(),
        qualities,
        value(votes, theta, eta, options),
        round,
        converged);
  }

  private static double[] qualities(CrowdVotes votes, double[][] right, Options options) {
    double[] sums = new double[votes.raters().size()];
    double[] counts = new double[sums.length];
    for (int v = 0; v < right.length; v++) {
      Vote vote = votes.all().get(v);
      sums[vote.rater()] += vote.y() * right[v][0] + (1 - vote.y()) * right[v][1];
      counts[vote.rater()]++;
    }
    for (int k = 0; k < sums.length; k++) {
      sums[k] =
          (sums[k] + options.right() - 1) / (counts[k] + options.right() + options.wrong() - 2);
    }
    return sums;
  }

  private static double[] scores(CrowdVotes votes, double[][] right, Options options) {
    double[] theta = new double[votes.items()];
    for (CrowdVotes.Part part : votes.parts()) {
      int n = part.items().size();
      double[][] wins = new double[n][n];
      for (int v : part.votes()) {
        Vote vote = votes.all().get(v);
        int i = part.place(vote.first());
        int j = part.place(vote.second());
        double forFirst = vote.y() * right[v][0] + (1 - vote.y()) * (1 - right[v][1]);
        wins[i][j] += forFirst;
        wins[j][i] += 1 - forFirst;
      }
      double[] own =
          BradleyTerry.fit(Wins.of(wins), new BradleyTerry.Options(options.precision()))
              .logWorths();
      for (int i = 0; i < n; i++) {
        theta[part.items().get(i)] = own[i];
      }
    }
    return theta;
  }

  private static double furthest(double[] a, double[] b) {
    double furthest = 0;
    for (int i = 0; i < a.length; i++) {
      furthest = Math.max(furthest, Math.abs(a[i] - b[i]));
    }
    return furthest;
  }

  /** The function that is maximised. */
  static double value(CrowdVotes votes, double[] theta, double[] eta, Options options) {
    double sum = -options.precision() / 2 * Arrays.stream(theta).map(t -> t * t).sum();
    for (Vote vote : votes.all()) {
      double[] p = vote.probabilities(eta[vote.rater()], theta);
      sum += vote.y() * Math.log(p[0]) + (1 - vote.y()) * Math.log(p[1]);
    }
    for (double e : eta) {
      sum += (options.right() - 1) * Math.log(e) + (options.wrong() - 1) * Math.log1p(-e);
    }
    return sum;
  }

  /** Its derivatives: by each score, then by each quality. */
  static double[] gradient(CrowdVotes votes, double[] theta, double[] eta, Options options) {
    double[] gradient = new double[theta.length + eta.length];
    for (int i = 0; i < theta.length; i++) {
      gradient[i] = -options.precision() * theta[i];
    }
    for (Vote vote : votes.all()) {
      double[] d = vote.derivatives(eta[vote.rater()], theta);
      gradient[vote.first()] += d[0];
      gradient[vote.second()] -= d[0];
      gradient[theta.length + vote.rater()] += d[1];
    }
    for (int k = 0; k < eta.length; k++) {
      gradient[theta.length + k] +=
          (options.right() - 1) / eta[k] - (options.wrong() - 1) / (1 - eta[k]);
    }
    return gradient;
  }
}

package org.tastemaker.core.aggregate;

/**
 * The Bradley-Terry model: item i beats item j with probability {@code w_i / (w_i + w_j)} (R. A.
 * Bradley and M. E. Terry, "Rank Analysis of Incomplete Block Designs", Biometrika 39, 1952).
 *
 * <p>In log-worths, {@code theta_i = ln w_i}, that is {@code sigma(theta_i - theta_j)}, and the fit
 * maximises
 *
 * <pre>
 *   sum over i, j of  W_ij ln sigma(theta_i - theta_j)  -  (lambda / 2) |theta|^2
 * </pre>
 *
 * <p>with gradient {@code sum_j (W_ij - N_ij p_ij) - lambda theta_i} and information {@code N_ij
 * p_ij p_ji} by pair. A tie counts one half for each, a soft label p for one and 1 - p for the
 * other, which is the cross-entropy that reward models train on. The maximum is the same as that of
 * the minorise-maximise iteration of D. R. Hunter (Annals of Statistics 32, 2004), and Newton finds
 * it in a handful of steps.
 *
 * <table class="striped">
 * <caption>Names</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>wins.get(i, j)</td><td>W_ij, how often i beat j</td></tr>
 * <tr><td>wins.comparisons(i, j)</td><td>N_ij = W_ij + W_ji</td></tr>
 * <tr><td>precision</td><td>lambda; 1 / the prior's variance</td></tr>
 * </tbody>
 * </table>
 */
public final class BradleyTerry {
  private BradleyTerry() {}

  /**
   * How to fit.
   *
   * @param precision of the Gaussian prior around 0 on each log-worth, at least 0. With 0 it is
   *     plain maximum likelihood, which needs that every item beat every other, directly or through
   *     others. The default 0.1 is a standard deviation of 3.2: worths within a factor of 500 are
   *     usual
   */
  public record Options(double precision) {
    public Options {
      if (!(precision >= 0 && precision < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "the precision of the prior must be finite and at least 0, but was " + precision);
      }
    }

    /**
     * A weak prior.
     *
     * @return precision 0.1
     */
    public static Options defaults() {
      return new Options(0.1);
    }

    /**
     * Plain maximum likelihood.
     *
     * @return precision 0
     */
    public static Options withoutPrior() {
      return new Options(0);
    }
  }

  /**
   * Fits the worths.
   *
   * @param wins who beat whom how often
   * @param options how
   * @return the log-worths with their covariance
   * @throws IllegalArgumentException if there is no prior and no finite maximum; the message names
   *     the items
   */
  public static Worths fit(Wins wins, Options options) {
    if (options.precision() == 0) {
      String why = wins.whyNoMaximum();
      if (!why.isEmpty()) {
        throw new IllegalArgumentException(why);
      }
    }
    return posterior(wins, options).maximum();
  }

  /**
   * What {@link #fit} maximises, without the prior: for networks that are trained on it.
   *
   * @param wins who beat whom how often
   * @return {@code sum over i, j of W_ij ln sigma(theta_i - theta_j)}
   */
  public static ScoreLikelihood likelihood(Wins wins) {
    return posterior(wins, Options.withoutPrior()).asLikelihood();
  }

  static LogPosterior posterior(Wins wins, Options options) {
    return new LogPosterior(wins.size(), options.precision()) {
      @Override
      double logLikelihood(double[] theta, double[] gradient, double[][] information) {
        double sum = 0;
        for (int i = 0; i < size; i++) {
          for (int j = i + 1; j < size; j++) {
            double n = wins.comparisons(i, j);
            if (n == 0) {
              continue;
            }
            double d = theta[i] - theta[j];
            double p = 1 / (1 + Math.exp(-d));
            // ln sigma(d) = -softplus(-d), ln sigma(-d) = -softplus(d)
            sum -= wins.get(i, j) * softplus(-d) + wins.get(j, i) * softplus(d);
            double surprise = wins.get(i, j) - n * p;
            gradient[i] += surprise;
            gradient[j] -= surprise;
            double h = n * p * (1 - p);
            information[i][i] += h;
            information[j][j] += h;
            information[i][j] -= h;
            information[j][i] -= h;
          }
        }
        return sum;
      }
    };
  }

  /** ln(1 + e^x) without overflow. */
  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}

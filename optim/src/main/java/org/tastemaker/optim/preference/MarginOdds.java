package org.tastemaker.optim.preference;

/**
 * MaPO's loss of a pair, and its derivatives by the two errors.
 *
 * <pre>
 *   f(L)  = s L / (exp(s L) - 1),   1 at L = 0 and falling
 *   odds  = f(L_w) - f(L_l)
 *   loss  = L_w - beta log sigmoid(T odds)
 * </pre>
 *
 * @param odds above 0 where the policy favours the winner
 * @param loss of the pair
 * @param byWinner d loss / d L_w
 * @param byLoser d loss / d L_l
 */
record MarginOdds(double odds, double loss, double byWinner, double byLoser) {
  /** Below it the differences of the derivative's numerator lose their digits. */
  private static final double SMALL = 1e-3;

  static MarginOdds of(double winner, double loser, double beta, double scale, double steps) {
    double odds = value(scale * winner) - value(scale * loser);
    double slope = beta * steps * Logistic.sigmoid(-steps * odds) * scale; // of beta log sigmoid
    return new MarginOdds(
        odds,
        winner - beta * Logistic.logSigmoid(steps * odds),
        1 - slope * derivative(scale * winner),
        slope * derivative(scale * loser));
  }

  /** Of a pair whose first image is the better one with a probability: the expected loss. */
  static MarginOdds of(
      double winner, double loser, double beta, double scale, double steps, double probability) {
    MarginOdds won = of(winner, loser, beta, scale, steps);
    if (probability == 1) {
      return won;
    }
    MarginOdds lost = of(loser, winner, beta, scale, steps);
    double other = 1 - probability;
    return new MarginOdds(
        won.odds(),
        probability * won.loss() + other * lost.loss(),
        probability * won.byWinner() + other * lost.byLoser(),
        probability * won.byLoser() + other * lost.byWinner());
  }

  /** {@code y / (exp(y) - 1)}. */
  private static double value(double y) {
    return y < 1e-12 ? 1 : y / Math.expm1(y);
  }

  /** Its derivative. */
  private static double derivative(double y) {
    if (y < SMALL) {
      return -0.5 + y / 6 - y * y * y / 180;
    }
    if (y > 300) {
      return 0;
    }
    double e = Math.expm1(y);
    return (e - y * (e + 1)) / (e * e);
  }
}

package org.tastemaker.optim.preference;

/**
 * The loss of two denoising steps by the logarithms of their ratios of probabilities, {@code d =
 * log p - log p_ref}, and its derivatives. Outside of the range a ratio is clamped and has no
 * slope, on either side.
 *
 * <pre>
 *   rho  = clamp(exp(d), 1 - clip, 1 + clip)
 *   loss = -log sigmoid(beta log rho_w - beta log rho_l)
 * </pre>
 *
 * @param inside the argument of the sigmoid
 * @param loss of the pair
 * @param byWinner d loss / d log p_w
 * @param byLoser d loss / d log p_l
 * @param winnerClamped whether rho_w is at the range's end
 * @param loserClamped whether rho_l is
 */
record ClampedPreference(
    double inside,
    double loss,
    double byWinner,
    double byLoser,
    boolean winnerClamped,
    boolean loserClamped) {
  /**
   * Of a pair whose first step is the better one with a probability: the expected loss.
   *
   * @param probability in [0, 1]; 1 is the papers' case
   */
  static ClampedPreference of(
      double winner, double loser, double beta, double clip, double probability) {
    double low = Math.log1p(-clip);
    double high = Math.log1p(clip);
    double x = beta * clamp(winner, low, high) - beta * clamp(loser, low, high);
    boolean winnerOut = winner < low || winner > high;
    boolean loserOut = loser < low || loser > high;
    double loss =
        -probability * Logistic.logSigmoid(x) - (1 - probability) * Logistic.logSigmoid(-x);
    double slope =
        beta * ((1 - probability) * Logistic.sigmoid(x) - probability * Logistic.sigmoid(-x));
    return new ClampedPreference(
        x, loss, winnerOut ? 0 : slope, loserOut ? 0 : -slope, winnerOut, loserOut);
  }

  private static double clamp(double value, double low, double high) {
    return Math.max(low, Math.min(high, value));
  }
}

package org.tastemaker.optim.preference;

/**
 * The losses of a pair by how much more the policy than the reference favours its winner, {@code m
 * = (L_w_ref - L_l_ref) - (L_w - L_l)}, with the inside term {@code x = beta m / 2}.
 */
public enum DpoLoss {
  /** {@code -log sigmoid(x)}: Wallace et al. (2023), equation 14. */
  SIGMOID {
    @Override
    Value at(double beta, double margin) {
      double x = beta * margin / 2;
      return new Value(-Logistic.logSigmoid(x), -Logistic.sigmoid(-x) * beta / 2);
    }
  },
  /** {@code max(0, 1 - x)}: Zhao et al. (2023), sequence likelihood calibration. */
  HINGE {
    @Override
    Value at(double beta, double margin) {
      double x = beta * margin / 2;
      return new Value(Math.max(0, 1 - x), x < 1 ? -beta / 2 : 0);
    }
  },
  /** {@code (m - 1 / beta)^2}: Azar et al. (2023), identity preference optimization. */
  IPO {
    @Override
    Value at(double beta, double margin) {
      double off = margin - 1 / beta;
      return new Value(off * off, 2 * off);
    }
  };

  /**
   * A loss and its derivative.
   *
   * @param loss of a pair
   * @param slope d loss / d m
   */
  record Value(double loss, double slope) {}

  /** Of a pair whose first image is the better one for certain. */
  abstract Value at(double beta, double margin);

  /**
   * Of a pair whose first image is the better one with a probability: the expected loss.
   *
   * @param probability in [0, 1]; 1 is the papers' case
   */
  Value at(double beta, double margin, double probability) {
    Value won = at(beta, margin);
    if (probability == 1) {
      return won;
    }
    Value lost = at(beta, -margin);
    return new Value(
        probability * won.loss() + (1 - probability) * lost.loss(),
        probability * won.slope() - (1 - probability) * lost.slope());
  }
}

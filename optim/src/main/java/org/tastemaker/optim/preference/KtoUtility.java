package org.tastemaker.optim.preference;

/**
 * What a gain or a loss is worth: Li, Kallidromitis, Gokul, Kato and Kozuka (2024). The argument is
 * {@code x = beta (g - z)} for an image that was liked, and its negative for one that was not.
 */
public enum KtoUtility {
  /** {@code sigmoid(x)}, after Kahneman and Tversky: both gains and losses saturate. */
  SIGMOID {
    @Override
    Value at(double x) {
      double s = Logistic.sigmoid(x);
      return new Value(s, s * Logistic.sigmoid(-x));
    }
  },
  /** {@code log sigmoid(x)}: gains saturate, losses do not. */
  LOSS_AVERSE {
    @Override
    Value at(double x) {
      return new Value(Logistic.logSigmoid(x), Logistic.sigmoid(-x));
    }
  },
  /** {@code -log sigmoid(-x)}: losses saturate, gains do not. */
  RISK_SEEKING {
    @Override
    Value at(double x) {
      return new Value(-Logistic.logSigmoid(-x), Logistic.sigmoid(x));
    }
  };

  /**
   * A utility and its derivative.
   *
   * @param utility U(x)
   * @param slope dU / dx
   */
  record Value(double utility, double slope) {}

  abstract Value at(double x);
}

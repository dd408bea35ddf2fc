package org.tastemaker.optim.preference;

/** The logistic function and its logarithm, without overflow. */
final class Logistic {
  private Logistic() {}

  /** {@code 1 / (1 + exp(-x))}. */
  static double sigmoid(double x) {
    if (x >= 0) {
      return 1 / (1 + Math.exp(-x));
    }
    double e = Math.exp(x);
    return e / (1 + e);
  }

  /** {@code log sigmoid(x)}, at most 0. */
  static double logSigmoid(double x) {
    return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
  }
}

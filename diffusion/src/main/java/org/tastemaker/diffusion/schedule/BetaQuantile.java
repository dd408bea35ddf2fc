package org.tastemaker.diffusion.schedule;

/**
 * Quantiles of the beta distribution: x with {@code I_x(a, b) = p}, where I is the regularized
 * incomplete beta function, by its continued fraction (Abramowitz and Stegun, 26.5.8) and
 * bisection.
 */
final class BetaQuantile {
  private static final int TERMS = 300;
  private static final int HALVINGS = 60;
  private static final double TINY = 1e-300;
  private static final double EPSILON = 1e-16;

  private BetaQuantile() {}

  /**
   * A quantile.
   *
   * @param p probability in [0, 1]
   * @param a first shape, above 0
   * @param b second shape, above 0
   * @return in [0, 1]
   */
  static double of(double p, double a, double b) {
    if (p <= 0 || p >= 1) {
      return p <= 0 ? 0 : 1;
    }
    double low = 0;
    double high = 1;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (low + high) / 2;
      if (probability(middle, a, b) < p) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /** I_x(a, b). */
  static double probability(double x, double a, double b) {
    if (x <= 0 || x >= 1) {
      return x <= 0 ? 0 : 1;
    }
    // The fraction converges fast on the side of the mean.
    return x < (a + 1) / (a + b + 2) ? below(x, a, b) : 1 - below(1 - x, b, a);
  }

  private static double below(double x, double a, double b) {
    double front = Math.exp(a * Math.log(x) + b * Math.log1p(-x)) / (a * beta(a, b));
    return front / fraction(x, a, b);
  }

  /** The continued fraction from its front, by Lentz's method. */
  private static double fraction(double x, double a, double b) {
    double f = 1;
    double c = 1;
    double d = 0;
    for (int i = 1; i < TERMS; i++) {
      int m = i / 2;
      double term =
          i % 2 == 0
              ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
              : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
      d = 1 / nonZero(1 + term * d);
      c = nonZero(1 + term / c);
      f *= c * d;
      if (Math.abs(c * d - 1) < EPSILON) {
        return f;
      }
    }
    return f;
  }

  private static double nonZero(double x) {
    return Math.abs(x) < TINY ? TINY : x;
  }

  /** B(a, b), by Stirling's series of the gamma function. */
  private static double beta(double a, double b) {
    return Math.exp(logGamma(a) + logGamma(b) - logGamma(a + b));
  }

  private static double logGamma(double x) {
    // ln G(x) = ln G(x + n) - ln(x (x + 1) ... (x + n - 1)), where the series is exact enough.
    double shift = 0;
    double y = x;
    while (y < 15) {
      shift += Math.log(y);
      y++;
    }
    double inverse = 1 / (y * y);
    double series =
        (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / y;
    return (y - 0.5) * Math.log(y) - y + Math.log(2 * Math.PI) / 2 + series - shift;
  }
}

package org.tastemaker.optim.likelihood;

/**
 * W(l, t), what stands for minus the logarithm of a likelihood: a function of the matching error l
 * of an image and of the noise level t of the straight path, {@code t = sqrt(1 - abar) /
 * (sqrt(abar) + sqrt(1 - abar))}, at which signal and noise are as they are in x_t.
 */
public enum MatchingWeight {
  /** {@code l}. */
  ERROR {
    @Override
    double of(double error, double t) {
      return error;
    }

    @Override
    double slope(double error, double t) {
      return 1;
    }
  },
  /** {@code t l}. */
  TIMES_T {
    @Override
    double of(double error, double t) {
      return t * error;
    }

    @Override
    double slope(double error, double t) {
      return t;
    }
  },
  /** {@code t^2 l}. */
  TIMES_T_SQUARED {
    @Override
    double of(double error, double t) {
      return t * t * error;
    }

    @Override
    double slope(double error, double t) {
      return t * t;
    }
  },
  /** {@code t (sqrt(l + 1e-10) - 1e-5)}: less for errors that are large already. */
  ROOT {
    @Override
    double of(double error, double t) {
      return t * (Math.sqrt(error + SMALL) - Math.sqrt(SMALL));
    }

    @Override
    double slope(double error, double t) {
      return t / (2 * Math.sqrt(error + SMALL));
    }
  },
  /** {@code (t / p) ((l + d)^p - d^p)} with p = 1/4 and d = 1e-10: still less for these. */
  HUBER {
    @Override
    double of(double error, double t) {
      return t / POWER * (Math.pow(error + SMALL, POWER) - Math.pow(SMALL, POWER));
    }

    @Override
    double slope(double error, double t) {
      return t * Math.pow(error + SMALL, POWER - 1);
    }
  };

  private static final double SMALL = 1e-10;
  private static final double POWER = 0.25;

  /** W. */
  abstract double of(double error, double t);

  /** d W / d l. */
  abstract double slope(double error, double t);
}

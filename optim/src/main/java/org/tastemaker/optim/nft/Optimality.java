package org.tastemaker.optim.nft;

/**
 * The probability rho that an image is a good one, from its advantage:
 *
 * <pre>
 *   rho = clamp(clamp(A, -c, c) / (2 c) + 1/2, 0, 1)
 * </pre>
 */
public enum Optimality {
  /** Better and worse images alike. */
  ALL {
    @Override
    double of(double clipped) {
      return clipped;
    }
  },
  /** What is worse than its prompt's mean counts as the mean. */
  POSITIVE_ONLY {
    @Override
    double of(double clipped) {
      return Math.max(0, clipped);
    }
  },
  /** What is better than its prompt's mean counts as the mean. */
  NEGATIVE_ONLY {
    @Override
    double of(double clipped) {
      return Math.min(0, clipped);
    }
  },
  /** Advantages of 1 for what is better than its prompt's mean, and 0 for the others. */
  ONE_ONLY {
    @Override
    double of(double clipped) {
      return clipped > 0 ? 1 : 0;
    }
  },
  /** Advantages of 1, 0 and -1: the sign alone. */
  BINARY {
    @Override
    double of(double clipped) {
      return Math.signum(clipped);
    }
  };

  /** What an advantage counts as. */
  abstract double of(double clipped);

  /**
   * The optimality probability of an advantage.
   *
   * @param advantage finite
   * @param bound c, above 0
   * @return rho, in [0, 1]
   */
  double probability(double advantage, double bound) {
    double counted = of(Math.max(-bound, Math.min(bound, advantage)));
    return Math.max(0, Math.min(1, counted / bound / 2 + 0.5));
  }
}

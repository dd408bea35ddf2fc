package org.tastemaker.diffusion.schedule;

/**
 * How noise levels lie between the largest and the smallest, where they do not follow from
 * timesteps: the switches of diffusers, in their order of precedence.
 */
enum SigmaSpacing {
  /** Those of the spaced timesteps. */
  TIMESTEPS(""),
  /** Karras et al. (2022), equation 5. */
  KARRAS("use_karras_sigmas"),
  /** Even in the half log-SNR: Lu et al., "DPM-Solver" (2022), with whole timesteps. */
  LU("use_lu_lambdas"),
  /** Each the same part of the one before. */
  EXPONENTIAL("use_exponential_sigmas"),
  /** Quantiles of a beta distribution: Lee et al., "Beta Sampling is All You Need" (2024). */
  BETA("use_beta_sigmas");

  /** Of the beta distribution: both ends get more steps than the middle. */
  private static final double SHAPE = 0.6;

  private final String flag;

  SigmaSpacing(String flag) {
    this.flag = flag;
  }

  static SigmaSpacing of(SchedulerConfig config) {
    for (SigmaSpacing spacing : values()) {
      if (spacing != TIMESTEPS && config.flag(spacing.flag)) {
        return spacing;
      }
    }
    return TIMESTEPS;
  }

  /** Whether a solver rounds the timesteps of these levels, and does not cut them off. */
  boolean rounds() {
    return this == KARRAS || this == LU;
  }

  /** So many levels from the largest to the smallest. */
  double[] between(double smallest, double largest, int steps) {
    return switch (this) {
      case TIMESTEPS -> throw new IllegalStateException("levels follow from timesteps");
      case KARRAS -> NoiseLevels.karras(smallest, largest, steps);
      case LU, EXPONENTIAL -> NoiseLevels.exponential(smallest, largest, steps);
      case BETA -> beta(smallest, largest, steps);
    };
  }

  private static double[] beta(double smallest, double largest, int steps) {
    double[] levels = new double[steps];
    for (int i = 0; i < steps; i++) {
      double share = steps > 1 ? 1 - i / (double) (steps - 1) : 1;
      levels[i] = smallest + BetaQuantile.of(share, SHAPE, SHAPE) * (largest - smallest);
    }
    return levels;
  }
}

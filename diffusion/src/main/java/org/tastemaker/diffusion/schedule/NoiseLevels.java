package org.tastemaker.diffusion.schedule;

/**
 * The noise levels of the samplers that work in Karras' variable {@code sigma = sqrt((1 - abar) /
 * abar)}: Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models"
 * (2022), section 5 and equation 5.
 */
final class NoiseLevels {
  /** Karras' rho, which concentrates the steps at low noise. */
  private static final double RHO = 7;

  /** Stands for abar = 0, so that the first noise level is large but finite, as in diffusers. */
  private static final double SMALLEST_ALPHA_CUMPROD = 0x1p-24;

  private final double[] sigmas; // [T], ascending

  NoiseLevels(NoiseSchedule noise, boolean zeroTerminalSnr) {
    sigmas = new double[noise.trainSteps()];
    for (int t = 0; t < sigmas.length; t++) {
      sigmas[t] = noise.sigma(t);
    }
    if (zeroTerminalSnr) {
      sigmas[sigmas.length - 1] = Math.sqrt((1 - SMALLEST_ALPHA_CUMPROD) / SMALLEST_ALPHA_CUMPROD);
    }
  }

  /** The levels of a configuration's schedule. */
  static NoiseLevels of(SchedulerConfig config, NoiseSchedule noise) {
    return new NoiseLevels(noise, config.flag("rescale_betas_zero_snr"));
  }

  double smallest() {
    return sigmas[0];
  }

  double largest() {
    return sigmas[sigmas.length - 1];
  }

  /** The noise level at a timestep, linear between whole ones and constant beyond the ends. */
  double at(double timestep) {
    if (timestep >= sigmas.length - 1) {
      return largest();
    }
    int t = (int) timestep;
    return sigmas[t] + (timestep - t) * (sigmas[t + 1] - sigmas[t]);
  }

  /** The timestep of a noise level, linear in log sigma between whole ones. */
  double timestep(double sigma) {
    double log = Math.log(Math.max(sigma, 1e-10));
    int low = 0;
    while (low < sigmas.length - 2 && Math.log(sigmas[low + 1]) <= log) {
      low++;
    }
    if (sigmas.length == 1) {
      return 0;
    }
    double logLow = Math.log(sigmas[low]);
    double weight = (logLow - log) / (logLow - Math.log(sigmas[low + 1]));
    return low + Math.min(1, Math.max(0, weight));
  }

  /** How many timesteps have a half log-SNR, {@code -log sigma}, of at least a bound. */
  int countAtLeast(double lambdaMin) {
    int count = 0;
    for (double sigma : sigmas) {
      count += -Math.log(sigma) >= lambdaMin ? 1 : 0;
    }
    return count;
  }

  /**
   * {@code steps} levels from the largest to the smallest, each the same part of the one before.
   */
  static double[] exponential(double smallest, double largest, int steps) {
    double[] levels = new double[steps];
    for (int i = 0; i < steps; i++) {
      double ramp = steps > 1 ? i / (double) (steps - 1) : 0;
      levels[i] = Math.exp(Math.log(largest) + ramp * (Math.log(smallest) - Math.log(largest)));
    }
    return levels;
  }

  /** Karras' schedule, equation 5: {@code steps} levels from the largest to the smallest. */
  static double[] karras(double smallest, double largest, int steps) {
    double from = Math.pow(largest, 1 / RHO);
    double to = Math.pow(smallest, 1 / RHO);
    double[] levels = new double[steps];
    for (int i = 0; i < steps; i++) {
      double ramp = steps > 1 ? i / (double) (steps - 1) : 0;
      levels[i] = Math.pow(from + ramp * (to - from), RHO);
    }
    return levels;
  }
}

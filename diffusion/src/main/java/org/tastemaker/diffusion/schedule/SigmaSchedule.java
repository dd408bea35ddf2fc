package org.tastemaker.diffusion.schedule;

import java.util.Arrays;
import java.util.Locale;

/**
 * The timesteps of a run, and the noise levels {@code sigma = sqrt((1 - abar) / abar)} between
 * which its steps go. There are two families of samplers, which place them differently: those of
 * k-diffusion, and the multistep solvers.
 *
 * @param timesteps noisiest first, [n]
 * @param sigmas the noise level at each, and where the last step lands, [n + 1]
 */
record SigmaSchedule(double[] timesteps, double[] sigmas) {
  /**
   * k-diffusion's: Euler, Heun, KDPM2, LMS. Karras', exponential and beta levels lie between the
   * first and the last of the levels that the spacing gives.
   */
  static SigmaSchedule ofSteps(SchedulerConfig config, NoiseSchedule noise, int steps) {
    NoiseLevels levels = NoiseLevels.of(config, noise);
    double[] timesteps =
        config.timestepSpacing().timesteps(noise.trainSteps(), steps, config.stepsOffset());
    double[] sigmas = new double[steps + 1];
    for (int i = 0; i < steps; i++) {
      sigmas[i] = levels.at(timesteps[i]);
    }
    sigmas[steps] = config.landsOnSmallest() ? levels.smallest() : 0;
    double first = sigmas[0];
    double last = sigmas[steps - 1];
    if (config.is("interpolation_type", "log_linear")) {
      // One level more than there are steps: the last step lands on the smallest.
      sigmas = NoiseLevels.exponential(levels.smallest(), levels.largest(), steps + 1);
      first = levels.largest();
      last = levels.smallest();
    }
    SigmaSpacing spacing = SigmaSpacing.of(config);
    if (spacing != SigmaSpacing.TIMESTEPS) {
      double smallest = config.optionalNumber("sigma_min").orElse(last);
      double largest = config.optionalNumber("sigma_max").orElse(first);
      sigmas = Arrays.copyOf(spacing.between(smallest, largest, steps), steps + 1);
      sigmas[steps] = config.landsOnSmallest() ? levels.smallest() : 0;
      for (int i = 0; i < steps; i++) {
        timesteps[i] = levels.timestep(sigmas[i]);
      }
    }
    if (config.is("timestep_type", "continuous")
        && config.predictionType() == PredictionType.V_PREDICTION) {
      // What models trained on Karras' continuous levels are told: c_noise of his table 1.
      for (int i = 0; i < steps; i++) {
        timesteps[i] = 0.25 * Math.log(sigmas[i]);
      }
    }
    return new SigmaSchedule(timesteps, sigmas);
  }

  /**
   * The multistep solvers': DPM-Solver, UniPC, DEIS. Timesteps are whole; Karras', Lu's,
   * exponential and beta levels lie between the ends of the whole noise schedule.
   */
  static SigmaSchedule ofSolver(SchedulerConfig config, NoiseSchedule noise, int steps) {
    NoiseLevels levels = NoiseLevels.of(config, noise);
    double[] timesteps = new double[steps];
    double[] sigmas = new double[steps + 1];
    sigmas[steps] = config.landsOnSmallest() ? levels.smallest() : 0;
    SigmaSpacing spacing = SigmaSpacing.of(config);
    if (spacing != SigmaSpacing.TIMESTEPS) {
      double[] between = spacing.between(levels.smallest(), levels.largest(), steps);
      System.arraycopy(between, 0, sigmas, 0, steps);
      boolean rounds = spacing.rounds() && !config.is("beta_schedule", "squaredcos_cap_v2");
      for (int i = 0; i < steps; i++) {
        double timestep = levels.timestep(sigmas[i]);
        // The ends are whole numbers up to the rounding of the logarithms.
        timesteps[i] = rounds ? Math.rint(timestep) : Math.floor(timestep + 1e-6);
      }
      return new SigmaSchedule(timesteps, sigmas);
    }
    int last =
        levels.countAtLeast(
            config.optionalNumber("lambda_min_clipped").orElse(Double.NEGATIVE_INFINITY));
    double[] spaced =
        config
            .solverSpacing()
            .multistepTimesteps(noise.trainSteps(), last, steps, config.stepsOffset());
    for (int i = 0; i < steps; i++) {
      timesteps[i] = Math.rint(spaced[i]);
      sigmas[i] = levels.at(timesteps[i]);
      if (i > 0 && timesteps[i] >= timesteps[i - 1]) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s steps with %s spacing do not fit into %s timesteps: take fewer steps",
                steps,
                config.solverSpacing().key(),
                last));
      }
    }
    return new SigmaSchedule(timesteps, sigmas);
  }

  int steps() {
    return timesteps.length;
  }

  double sigma(int i) {
    return sigmas[i];
  }

  double timestep(int i) {
    return timesteps[i];
  }

  /**
   * What standard normal noise is multiplied by to start from it, in Karras' variable. Leading
   * spacing starts below the largest noise level, so the deviation of the clean sample counts too.
   */
  double initialScale(TimestepSpacing spacing) {
    double largest = Arrays.stream(sigmas).max().orElseThrow();
    return spacing == TimestepSpacing.LEADING ? Math.hypot(largest, 1) : largest;
  }

  /** sqrt(abar) at a noise level. */
  static double alpha(double sigma) {
    return 1 / Math.hypot(sigma, 1);
  }

  /** sqrt(1 - abar) at a noise level. */
  static double deviation(double sigma) {
    return sigma / Math.hypot(sigma, 1);
  }

  /** The half log-SNR, lambda = log(alpha / sigma), of a noise level; infinite at 0. */
  static double lambda(double sigma) {
    return -Math.log(sigma);
  }
}

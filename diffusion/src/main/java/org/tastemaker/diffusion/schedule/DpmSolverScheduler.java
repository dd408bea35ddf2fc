package org.tastemaker.diffusion.schedule;

import java.util.Locale;

/**
 * DPM-Solver++ in its multistep form, order 1 or 2 ("2M"): Lu et al., "DPM-Solver++: Fast Solver
 * for Guided Sampling of Diffusion Probabilistic Models" (2022), equation 12 and algorithm 2.
 *
 * <pre>
 *   lambda = log(alpha / sigma),  h = lambda_t - lambda_s,  r = (lambda_s - lambda_r) / h
 *   order 1:  x_t = sigma_t / sigma_s x_s - alpha_t (exp(-h) - 1) x0_s
 *   order 2:  x_t = (order 1) + w / r (x0_s - x0_r)
 *     midpoint:  w = -alpha_t (exp(-h) - 1) / 2
 *     heun:      w =  alpha_t ((exp(-h) - 1) / h + 1)
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>level r, s, t</td><td>the noise levels of the step before, of this step, and of the
 * next, as sqrt((1 - abar) / abar)</td></tr>
 * <tr><td>alpha, sigma</td><td>sqrt(abar) and sqrt(1 - abar) at a level</td></tr>
 * <tr><td>x0</td><td>the data prediction x_theta</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The first step of a run has no step before it and is of order 1, wherever the run starts. So
 * is the last one if it lands on the clean sample, or in short runs, as in diffusers.
 */
final class DpmSolverScheduler implements Scheduler {
  /** Runs shorter than this end with a step of order 1 if the configuration agrees. */
  private static final int SHORT_RUN = 15;

  private final SchedulerConfig config;
  private final NoiseSchedule noise;
  private final NoiseLevels levels;

  private DpmSolverScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
    this.levels = new NoiseLevels(noise, config.flag("rescale_betas_zero_snr"));
  }

  /**
   * The sampler of a configuration of any class; one that is not DPM-Solver's is read as if it
   * were.
   */
  static DpmSolverScheduler of(SchedulerConfig config) {
    return new DpmSolverScheduler(config.as(SchedulerKind.DPM_SOLVER_MULTISTEP));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    double[] timesteps = new double[steps];
    double[] levels = noiseLevels(timesteps);
    return SamplingRun.plan(
        first,
        steps,
        1,
        i ->
            new SamplingStep(
                i,
                timesteps[i],
                1,
                alpha(levels[i]),
                sigma(levels[i]),
                SamplingRun.coefficients(
                    i,
                    timesteps[i],
                    config.predictionType(),
                    index -> coefficients(levels, index, first))));
  }

  /**
   * The noise levels of the steps and of where the last one lands, [n + 1].
   *
   * @param timesteps receives the timesteps, [n]
   */
  private double[] noiseLevels(double[] timesteps) {
    int steps = timesteps.length;
    double[] sigmas = new double[steps + 1];
    boolean toSmallest = config.text("final_sigmas_type").equals("sigma_min");
    sigmas[steps] = toSmallest ? levels.smallest() : 0;
    if (config.flag("use_karras_sigmas")) {
      double[] karras = NoiseLevels.karras(levels.smallest(), levels.largest(), steps);
      System.arraycopy(karras, 0, sigmas, 0, steps);
      for (int i = 0; i < steps; i++) {
        double timestep = levels.timestep(karras[i]);
        boolean cosine = config.text("beta_schedule").equals("squaredcos_cap_v2");
        // The ends are whole numbers up to the rounding of the logarithms.
        timesteps[i] = cosine ? Math.floor(timestep + 1e-6) : Math.rint(timestep);
      }
      return sigmas;
    }
    int last = levels.countAtLeast(config.number("lambda_min_clipped"));
    double[] spaced =
        config
            .timestepSpacing()
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
                config.timestepSpacing().key(),
                last));
      }
    }
    return sigmas;
  }

  private StepCoefficients coefficients(double[] levels, int i, int first) {
    int steps = levels.length - 1;
    double s = levels[i];
    double t = levels[i + 1];
    // 1. The data prediction.
    double abar = alpha(s) * alpha(s);
    StepCoefficients.Prediction p = StepCoefficients.prediction(config.predictionType(), abar);
    // 2. First order. With t = 0, lambda and h are infinite and exp(-h) is 0.
    double h = Math.log(s) - Math.log(t);
    double growth = alpha(t) * Math.expm1(-h);
    double fromX0 = -growth;
    double fromPreviousX0 = 0;
    // 3. Second order: the slope of the data prediction since the step before.
    boolean shortRun = steps < SHORT_RUN && config.flag("lower_order_final");
    boolean lastIsFirstOrder = t == 0 || config.flag("euler_at_final") || shortRun;
    boolean firstOrder = i == first || (i == steps - 1 && lastIsFirstOrder);
    if (config.integer("solver_order") == 2 && !firstOrder && h != 0) {
      double r = (Math.log(levels[i - 1]) - Math.log(s)) / h;
      double weight =
          config.text("solver_type").equals("heun")
              ? alpha(t) * (Math.expm1(-h) / h + 1)
              : -growth / 2;
      fromX0 += weight / r;
      fromPreviousX0 = -weight / r;
    }
    return new StepCoefficients(
        p.x0FromSample(),
        p.x0FromOutput(),
        Double.POSITIVE_INFINITY,
        fromX0,
        sigma(t) / sigma(s),
        0,
        fromPreviousX0,
        0);
  }

  private static double alpha(double level) {
    return 1 / Math.hypot(level, 1);
  }

  private static double sigma(double level) {
    return level / Math.hypot(level, 1);
  }
}

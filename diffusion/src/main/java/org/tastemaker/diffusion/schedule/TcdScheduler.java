package org.tastemaker.diffusion.schedule;

/**
 * Strategic stochastic sampling of models made by trajectory consistency distillation: Zheng et al.
 * (2024), algorithm 2.
 *
 * <pre>
 *   s      = floor((1 - gamma) p)
 *   x_s    = sqrt(abar_s) x0 + sqrt(1 - abar_s) e
 *   x_next = sqrt(abar_p / abar_s) x_s + sqrt(1 - abar_p / abar_s) z      (the last step: x_s)
 * </pre>
 *
 * <p>{@code p} is the next timestep, and 0 for the last step. Gamma 0 is deterministic.
 */
public final class TcdScheduler implements Scheduler {
  /** Gamma as diffusers has it. */
  private static final double GAMMA = 0.3;

  private final SchedulerConfig config;
  private final double gamma;
  private final NoiseSchedule noise;

  private TcdScheduler(SchedulerConfig config, double gamma) {
    if (!(gamma >= 0 && gamma <= 1)) {
      throw new IllegalArgumentException("gamma must be in [0, 1], but was " + gamma);
    }
    this.config = config;
    this.gamma = gamma;
    this.noise = NoiseSchedule.of(config);
  }

  /**
   * The sampler with a gamma of 0.3.
   *
   * @param config of any class; one that is not TCD's is read as if it were
   * @return the sampler
   */
  public static TcdScheduler of(SchedulerConfig config) {
    return of(config, GAMMA);
  }

  /**
   * The sampler.
   *
   * @param config of any class; one that is not TCD's is read as if it were
   * @param gamma how much noise each step adds, 0 for none to 1 for all
   * @return the sampler
   */
  public static TcdScheduler of(SchedulerConfig config, double gamma) {
    return new TcdScheduler(config.as(SchedulerKind.TCD), gamma);
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    int[] timesteps = LcmScheduler.timesteps(config, steps);
    return SamplingRun.plan(
        first,
        steps,
        1,
        i -> {
          int t = timesteps[i];
          boolean last = i + 1 == steps;
          int p = last ? 0 : timesteps[i + 1];
          double abar = noise.alphaCumprod(t);
          return new SamplingStep(
              i,
              t,
              1,
              Math.sqrt(abar),
              Math.sqrt(1 - abar),
              SamplingRun.rule(i, t, config.predictionType(), () -> coefficients(abar, p, last)));
        });
  }

  private StepCoefficients coefficients(double abar, int p, boolean last) {
    double abarOfS = noise.alphaCumprod((int) Math.floor((1 - gamma) * p));
    double kept = last ? 1 : noise.alphaCumprod(p) / abarOfS;
    StepCoefficients.Prediction x0 = StepCoefficients.prediction(config.predictionType(), abar);
    double signal = Math.sqrt(kept * abarOfS);
    double direction = Math.sqrt(kept * (1 - abarOfS));
    return new StepCoefficients(
        x0.x0FromSample(),
        x0.x0FromOutput(),
        Double.POSITIVE_INFINITY,
        signal,
        direction * x0.noiseFromSample(),
        direction * x0.noiseFromOutput(),
        Math.sqrt(Math.max(0, 1 - kept)));
  }
}

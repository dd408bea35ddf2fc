package org.tastemaker.diffusion.schedule;

/**
 * Denoising diffusion probabilistic models: Ho, Jain and Abbeel (2020), equation 7, on a subset of
 * the timesteps.
 *
 * <pre>
 *   alpha = abar_t / abar_p,  beta = 1 - alpha
 *   mean  = sqrt(abar_p) beta / (1 - abar_t) x0 + sqrt(alpha) (1 - abar_p) / (1 - abar_t) x_t
 *   sigma^2 = (1 - abar_p) / (1 - abar_t) beta        (variance_type fixed_small)
 *           = beta                                     (variance_type fixed_large)
 * </pre>
 *
 * <p>{@code p} is the next sampling timestep; the last step lands on the clean sample, {@code
 * abar_p = 1}, and at timestep 0 no noise is added. So with fixed_small the last step is
 * deterministic (diffusers adds noise of deviation 1e-10 there, except at timestep 0).
 */
final class DdpmScheduler implements Scheduler {
  private final SchedulerConfig config;
  private final NoiseSchedule noise;

  private DdpmScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
  }

  /** The sampler of a configuration of any class; one that is not DDPM's is read as if it were. */
  static DdpmScheduler of(SchedulerConfig config) {
    return new DdpmScheduler(config.as(SchedulerKind.DDPM));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    double[] timesteps =
        config.timestepSpacing().timesteps(noise.trainSteps(), steps, config.stepsOffset());
    return SamplingRun.plan(
        first,
        steps,
        1,
        i -> {
          int t = (int) Math.rint(timesteps[i]);
          double abar = noise.alphaCumprodOfStep(i, t, config.stepsOffset());
          double abarPrevious =
              i + 1 < steps ? noise.alphaCumprod((int) Math.rint(timesteps[i + 1])) : 1;
          return new SamplingStep(
              i,
              t,
              1,
              Math.sqrt(abar),
              Math.sqrt(1 - abar),
              bounded(
                  SamplingRun.rule(
                      i, t, config.predictionType(), () -> coefficients(t, abar, abarPrevious))));
        });
  }

  private StepRule bounded(StepCoefficients step) {
    X0Bound bound = X0Bound.of(config);
    return bound.isByImage() ? MemoryStep.of(step, bound) : step;
  }

  private StepCoefficients coefficients(int t, double abar, double abarPrevious) {
    StepCoefficients.Prediction p = StepCoefficients.prediction(config.predictionType(), abar);
    double alpha = abar / abarPrevious;
    double beta = 1 - alpha;
    double variance =
        config.text("variance_type").equals("fixed_large")
            ? beta
            : (1 - abarPrevious) / (1 - abar) * beta;
    return new StepCoefficients(
        p.x0FromSample(),
        p.x0FromOutput(),
        config.clipRange(),
        Math.sqrt(abarPrevious) * beta / (1 - abar),
        Math.sqrt(alpha) * (1 - abarPrevious) / (1 - abar),
        0,
        t > 0 ? Math.sqrt(variance) : 0);
  }
}

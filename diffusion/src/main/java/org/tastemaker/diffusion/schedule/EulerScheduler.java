package org.tastemaker.diffusion.schedule;

/**
 * Euler's method on the probability-flow ODE in Karras' variables: Karras et al. (2022), algorithm
 * 2 without churn; and its ancestral form, which steps further down and adds noise to come up again
 * (k-diffusion's Euler ancestral, "Euler a").
 *
 * <pre>
 *   d       = (x - x0) / sigma
 *   x_next  = x + (sigma_down - sigma) d + sigma_up z
 *
 *   Euler:      sigma_up = 0,  sigma_down = sigma_next
 *   ancestral:  sigma_up^2 = sigma_next^2 (sigma^2 - sigma_next^2) / sigma^2
 *               sigma_down^2 = sigma_next^2 - sigma_up^2
 * </pre>
 */
final class EulerScheduler implements Scheduler {
  private final SchedulerConfig config;
  private final NoiseSchedule noise;
  private final boolean ancestral;

  private EulerScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
    this.ancestral = config.kind() == SchedulerKind.EULER_ANCESTRAL_DISCRETE;
  }

  /** The sampler of a configuration of any class; one that is not Euler's is read as if it were. */
  static EulerScheduler of(SchedulerConfig config) {
    return new EulerScheduler(
        config.kind() == SchedulerKind.EULER_ANCESTRAL_DISCRETE
            ? config
            : config.as(SchedulerKind.EULER_DISCRETE));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    SigmaSchedule schedule = SigmaSchedule.ofSteps(config, noise, steps);
    KarrasSteps run = new KarrasSteps(config, schedule);
    for (int i = first; i < steps; i++) {
      double sigma = schedule.sigma(i);
      double next = schedule.sigma(i + 1);
      double timestep = schedule.timestep(i);
      run.add(
          i,
          timestep,
          sigma,
          SamplingRun.rule(
              i, timestep, config.predictionType(), () -> coefficients(run, sigma, next)));
    }
    return run.run();
  }

  private StepCoefficients coefficients(KarrasSteps run, double sigma, double next) {
    double up = ancestral ? up(sigma, next) : 0;
    double down = ancestral ? down(sigma, next) : next;
    double step = (down - sigma) / sigma;
    StepCoefficients.Prediction x0 = run.x0(sigma);
    return new StepCoefficients(
        x0.x0FromSample(), x0.x0FromOutput(), Double.POSITIVE_INFINITY, -step, 1 + step, 0, up);
  }

  /** The deviation of the noise that an ancestral step adds. */
  static double up(double sigma, double next) {
    return next / sigma * Math.sqrt((sigma - next) * (sigma + next));
  }

  /** Where an ancestral step goes before it adds noise. */
  static double down(double sigma, double next) {
    return next * next / sigma;
  }
}

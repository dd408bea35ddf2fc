package org.tastemaker.diffusion.schedule;

import java.util.Arrays;

/**
 * Euler's method on the probability-flow ODE in Karras' variables: Karras et al. (2022), algorithm
 * 2 without churn. The sample is {@code x = x_0 + sigma e}, so it starts with a large deviation and
 * is scaled down for the model.
 *
 * <pre>
 *   d       = (x - x0) / sigma
 *   x_next  = x + (sigma_next - sigma) d
 * </pre>
 */
final class EulerScheduler implements Scheduler {
  private final SchedulerConfig config;
  private final NoiseSchedule noise;
  private final NoiseLevels levels;

  private EulerScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
    this.levels = new NoiseLevels(noise, config.flag("rescale_betas_zero_snr"));
  }

  /** The sampler of a configuration of any class; one that is not Euler's is read as if it were. */
  static EulerScheduler of(SchedulerConfig config) {
    return new EulerScheduler(config.as(SchedulerKind.EULER_DISCRETE));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    // 1. Timesteps, and the noise levels between them.
    double[] timesteps =
        config.timestepSpacing().timesteps(noise.trainSteps(), steps, config.stepsOffset());
    double[] sigmas = new double[steps + 1];
    for (int i = 0; i < steps; i++) {
      sigmas[i] = levels.at(timesteps[i]);
    }
    if (config.flag("use_karras_sigmas")) {
      double smallest = config.optionalNumber("sigma_min").orElse(sigmas[steps - 1]);
      double largest = config.optionalNumber("sigma_max").orElse(sigmas[0]);
      System.arraycopy(NoiseLevels.karras(smallest, largest, steps), 0, sigmas, 0, steps);
      for (int i = 0; i < steps; i++) {
        timesteps[i] = levels.timestep(sigmas[i]);
      }
    }
    sigmas[steps] = config.text("final_sigmas_type").equals("sigma_min") ? levels.smallest() : 0;
    // 2. The deviation of the first sample. Leading spacing starts below the largest noise level,
    // so the deviation of the clean sample counts too.
    double largest = Arrays.stream(sigmas).max().orElseThrow();
    double initial =
        config.timestepSpacing() == TimestepSpacing.LEADING ? Math.hypot(largest, 1) : largest;
    // 3. The steps.
    return SamplingRun.plan(
        first,
        steps,
        initial,
        i ->
            new SamplingStep(
                i,
                timesteps[i],
                1 / Math.hypot(sigmas[i], 1),
                1,
                sigmas[i],
                SamplingRun.coefficients(
                    i,
                    timesteps[i],
                    config.predictionType(),
                    index -> coefficients(sigmas[index], sigmas[index + 1]))));
  }

  private StepCoefficients coefficients(double sigma, double next) {
    double norm = Math.hypot(sigma, 1);
    double step = (next - sigma) / sigma;
    double fromSample =
        switch (config.predictionType()) {
          case EPSILON -> 1;
          case V_PREDICTION -> 1 / (norm * norm);
          case SAMPLE -> 0;
        };
    double fromOutput =
        switch (config.predictionType()) {
          case EPSILON -> -sigma;
          case V_PREDICTION -> -sigma / norm;
          case SAMPLE -> 1;
        };
    return new StepCoefficients(
        fromSample, fromOutput, Double.POSITIVE_INFINITY, -step, 1 + step, 0, 0, 0);
  }
}

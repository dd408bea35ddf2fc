package org.tastemaker.diffusion.schedule;

/**
 * Multistep sampling of latent consistency models: Luo et al. (2023), algorithm 3.
 *
 * <pre>
 *   f      = c_skip(t) x + c_out(t) x0
 *   x_next = sqrt(abar_p) f + sqrt(1 - abar_p) z      (the last step: f)
 *   c_skip = s^2 / (k^2 t^2 + s^2),  c_out = k t / sqrt(k^2 t^2 + s^2),  s = 0.5
 * </pre>
 *
 * <p>{@code k} is {@code timestep_scaling}. The timesteps are picked among those that the model was
 * distilled on, {@code original_inference_steps} of them.
 */
final class LcmScheduler implements Scheduler {
  private static final double SIGMA_DATA = 0.5;

  private final SchedulerConfig config;
  private final NoiseSchedule noise;

  private LcmScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
  }

  /** The sampler of a configuration of any class; one that is not LCM's is read as if it were. */
  static LcmScheduler of(SchedulerConfig config) {
    return new LcmScheduler(config.as(SchedulerKind.LCM));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    int[] timesteps = timesteps(config, steps);
    X0Bound bound = X0Bound.of(config);
    return SamplingRun.plan(
        first,
        steps,
        1,
        i -> {
          int t = timesteps[i];
          double abar = noise.alphaCumprod(t);
          double previous = i + 1 < steps ? noise.alphaCumprod(timesteps[i + 1]) : 1;
          StepCoefficients step =
              SamplingRun.rule(
                  i, t, config.predictionType(), () -> coefficients(t, abar, previous));
          return new SamplingStep(
              i,
              t,
              1,
              Math.sqrt(abar),
              Math.sqrt(1 - abar),
              bound.isByImage() ? MemoryStep.of(step, bound) : step);
        });
  }

  private StepCoefficients coefficients(int t, double abar, double previous) {
    StepCoefficients.Prediction p = StepCoefficients.prediction(config.predictionType(), abar);
    double scaled = t * config.number("timestep_scaling");
    double norm = Math.hypot(scaled, SIGMA_DATA);
    double skip = SIGMA_DATA * SIGMA_DATA / (norm * norm);
    double out = scaled / norm;
    return new StepCoefficients(
        p.x0FromSample(),
        p.x0FromOutput(),
        config.clipRange(),
        Math.sqrt(previous) * out,
        Math.sqrt(previous) * skip,
        0,
        Math.sqrt(1 - previous));
  }

  /** The timesteps of models that were distilled on a part of the training timesteps. */
  static int[] timesteps(SchedulerConfig config, int steps) {
    int original = config.integer("original_inference_steps");
    if (steps > original) {
      throw new IllegalArgumentException(
          config.kind().className()
              + " takes at most original_inference_steps, "
              + original
              + ", but was asked for "
              + steps
              + " steps");
    }
    int apart = config.trainSteps() / original;
    int[] timesteps = new int[steps];
    for (int i = 0; i < steps; i++) {
      int place = (int) Math.floor((double) i * original / steps);
      timesteps[i] = (original - place) * apart - 1;
    }
    return timesteps;
  }
}

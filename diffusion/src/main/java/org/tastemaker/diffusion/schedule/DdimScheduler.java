package org.tastemaker.diffusion.schedule;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;

/**
 * Denoising diffusion implicit models: Song, Meng and Ermon (2021), equations 12 and 16. Eta 0 is
 * deterministic, eta 1 is as noisy as DDPM; between them the step is a Gaussian policy, which is
 * what DDPO trains.
 *
 * <pre>
 *   x0       = predicted from x_t and the model's output, clipped where the configuration says so
 *   sigma    = eta sqrt((1 - abar_p) / (1 - abar_t)) sqrt(1 - abar_t / abar_p)            (16)
 *   x_{t-1}  = sqrt(abar_p) x0 + sqrt(1 - abar_p - sigma^2) e + sigma noise               (12)
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>abar, abarPrevious</td><td>alpha_t, alpha_{t-1} of the paper; abar_t, abar_p</td></tr>
 * <tr><td>variance</td><td>sigma_t(1)^2</td></tr>
 * <tr><td>direction</td><td>weight of the "direction pointing to x_t"</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The noise {@code e} is the one that the model's output stands for, also where x0 was clipped,
 * as in diffusers with {@code use_clipped_model_output} false. Also as there, the previous timestep
 * is {@code t - floor(T / n)} for every spacing; with linspace spacing, or where n does not divide
 * T, that is not quite the next sampling timestep.
 */
public final class DdimScheduler implements Scheduler {

  /** Which noise level the last step lands on: diffusers and ddpo-pytorch differ there. */
  public enum FinalStep {
    /**
     * As diffusers: abar_p = 1 where {@code set_alpha_to_one}, else that of timestep 0. With 1 the
     * last step is deterministic, whatever eta is.
     */
    DIFFUSERS,
    /**
     * As ddpo-pytorch: the previous timestep is clamped to 0, and {@code set_alpha_to_one} is
     * ignored. The last step keeps some noise, and so has a log-probability, if the schedule does
     * not sample timestep 0 itself ({@code steps_offset} at least 1 with leading spacing).
     */
    DDPO
  }

  /**
   * How to sample.
   *
   * @param eta 0 for a deterministic sampler to 1 for DDPM's noise
   * @param finalStep where the last step lands
   */
  @RecordBuilder
  public record Options(double eta, FinalStep finalStep)
      implements DdimSchedulerOptionsBuilder.With {
    /** Checks every field. */
    public Options {
      if (!(eta >= 0 && eta <= 1)) {
        throw new IllegalArgumentException("eta must be in [0, 1], but was " + eta);
      }
      Objects.requireNonNull(finalStep, "finalStep == null");
    }

    /**
     * Deterministic sampling, as diffusers does it.
     *
     * @return eta 0 and {@link FinalStep#DIFFUSERS}
     */
    public static Options deterministic() {
      return new Options(0, FinalStep.DIFFUSERS);
    }

    /**
     * Rollouts for policy gradients, as ddpo-pytorch does them.
     *
     * @return eta 1 and {@link FinalStep#DDPO}
     */
    public static Options ddpo() {
      return new Options(1, FinalStep.DDPO);
    }
  }

  private final SchedulerConfig config;
  private final Options options;
  private final NoiseSchedule noise;

  private DdimScheduler(SchedulerConfig config, Options options) {
    this.config = config;
    this.options = options;
    this.noise = NoiseSchedule.of(config);
  }

  /**
   * The deterministic sampler.
   *
   * @param config of any class; one that is not DDIM's is read as if it were
   * @return the sampler
   */
  public static DdimScheduler of(SchedulerConfig config) {
    return of(config, Options.deterministic());
  }

  /**
   * The sampler with given options.
   *
   * @param config of any class; one that is not DDIM's is read as if it were
   * @param options how to sample
   * @return the sampler
   */
  public static DdimScheduler of(SchedulerConfig config, Options options) {
    return new DdimScheduler(config.as(SchedulerKind.DDIM), options);
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int trainSteps = noise.trainSteps();
    int first = SamplingRun.firstStep(steps, strength, trainSteps);
    double[] timesteps =
        config.timestepSpacing().timesteps(trainSteps, steps, config.stepsOffset());
    return SamplingRun.plan(
        first,
        steps,
        1,
        i -> {
          int t = (int) Math.rint(timesteps[i]);
          double abar = noise.alphaCumprodOfStep(i, t, config.stepsOffset());
          double abarPrevious = previousAlphaCumprod(t - trainSteps / steps);
          return new SamplingStep(
              i,
              t,
              1,
              Math.sqrt(abar),
              Math.sqrt(1 - abar),
              bounded(
                  SamplingRun.rule(
                      i, t, config.predictionType(), () -> coefficients(abar, abarPrevious))));
        });
  }

  private StepRule bounded(StepCoefficients step) {
    X0Bound bound = X0Bound.of(config);
    return bound.isByImage() ? MemoryStep.of(step, bound) : step;
  }

  private StepCoefficients coefficients(double abar, double abarPrevious) {
    // 1. The predicted x0 and noise, as maps of x_t and the model's output.
    StepCoefficients.Prediction p = StepCoefficients.prediction(config.predictionType(), abar);
    // 2. The deviation of the noise, equation 16.
    double variance = (1 - abarPrevious) / (1 - abar) * (1 - abar / abarPrevious);
    double sigma = options.eta() * Math.sqrt(variance);
    // 3. The mean, equation 12. Rounding may leave the difference slightly below 0 where it is 0.
    double direction = Math.sqrt(Math.max(0, 1 - abarPrevious - sigma * sigma));
    return new StepCoefficients(
        p.x0FromSample(),
        p.x0FromOutput(),
        config.clipRange(),
        Math.sqrt(abarPrevious),
        direction * p.noiseFromSample(),
        direction * p.noiseFromOutput(),
        sigma);
  }

  private double previousAlphaCumprod(int previous) {
    if (previous >= 0) {
      return noise.alphaCumprod(previous);
    }
    boolean toOne = options.finalStep() == FinalStep.DIFFUSERS && config.flag("set_alpha_to_one");
    return toOne ? 1 : noise.alphaCumprod(0);
  }
}

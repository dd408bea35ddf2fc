package org.tastemaker.diffusion.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * Puts together the steps of k-diffusion's samplers, which work in Karras' variable: the sample is
 * {@code x = x_0 + sigma e}, and is scaled down for the model.
 */
final class KarrasSteps {
  private final SchedulerConfig config;
  private final SigmaSchedule schedule;
  private final List<SamplingStep> steps = new ArrayList<>();

  KarrasSteps(SchedulerConfig config, SigmaSchedule schedule) {
    this.config = config;
    this.schedule = schedule;
  }

  /** The clean sample as a map of the sample at a noise level and the model's output there. */
  StepCoefficients.Prediction x0(double sigma) {
    double norm = Math.hypot(sigma, 1);
    return switch (config.predictionType()) {
      case EPSILON -> new StepCoefficients.Prediction(1, -sigma, 0, 1);
      case V_PREDICTION ->
          new StepCoefficients.Prediction(1 / (norm * norm), -sigma / norm, 1 / norm, 1 / norm);
      case SAMPLE -> new StepCoefficients.Prediction(0, 1, 1 / sigma, -1 / sigma);
    };
  }

  /** The slope of the probability-flow equation, dx / dsigma, at a noise level. */
  static LinearForm slope(double sigma) {
    return LinearForm.SAMPLE.minus(LinearForm.X0).times(1 / sigma);
  }

  /** Adds a step that remembers: the model is asked at a noise level. */
  void add(int index, double timestep, double sigma, LinearForm next, List<LinearForm> remembered) {
    X0Bound bound = X0Bound.of(config);
    add(
        index,
        timestep,
        sigma,
        SamplingRun.rule(
            index,
            timestep,
            config.predictionType(),
            () -> new MemoryStep(x0(sigma), bound, next, remembered)));
  }

  /** Adds a step. */
  void add(int index, double timestep, double sigma, StepRule rule) {
    steps.add(new SamplingStep(index, timestep, 1 / Math.hypot(sigma, 1), 1, sigma, rule));
  }

  /** The run over all that was added. */
  SamplingRun run() {
    return SamplingRun.of(steps, schedule.initialScale(config.timestepSpacing()));
  }
}

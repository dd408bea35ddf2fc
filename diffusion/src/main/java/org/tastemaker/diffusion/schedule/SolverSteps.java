package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.X0;

import java.util.ArrayList;
import java.util.List;

/**
 * Puts together the steps of the solvers that work in lambda, the half log-SNR: DPM-Solver, UniPC,
 * DEIS. The sample is {@code x = alpha x_0 + sigma e}.
 */
final class SolverSteps {
  private final SchedulerConfig config;
  private final SigmaSchedule schedule;
  private final List<SamplingStep> steps = new ArrayList<>();

  SolverSteps(SchedulerConfig config, SigmaSchedule schedule) {
    this.config = config;
    this.schedule = schedule;
  }

  /** The noise that the output of step i stands for, if the clean sample is within its bound. */
  LinearForm noise(int i) {
    double sigma = schedule.sigma(i);
    return SAMPLE
        .minus(X0.times(SigmaSchedule.alpha(sigma)))
        .times(1 / SigmaSchedule.deviation(sigma));
  }

  /** Adds step i. */
  void add(int i, LinearForm next, List<LinearForm> remembered) {
    double sigma = schedule.sigma(i);
    double alpha = SigmaSchedule.alpha(sigma);
    steps.add(
        new SamplingStep(
            i,
            schedule.timestep(i),
            1,
            alpha,
            SigmaSchedule.deviation(sigma),
            SamplingRun.rule(
                i,
                schedule.timestep(i),
                config.predictionType(),
                () ->
                    new MemoryStep(
                        StepCoefficients.prediction(config.predictionType(), alpha * alpha),
                        X0Bound.of(config),
                        next,
                        remembered))));
  }

  /** The run over all that was added. */
  SamplingRun run() {
    return SamplingRun.of(steps, 1);
  }
}

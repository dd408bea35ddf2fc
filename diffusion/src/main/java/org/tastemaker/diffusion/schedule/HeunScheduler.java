package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.memory;

import java.util.List;

/**
 * Heun's method on the probability-flow ODE: Karras et al. (2022), algorithm 1. The model is asked
 * twice for each step but the last.
 *
 * <pre>
 *   d   = (x - x0) / sigma                        at sigma
 *   x'  = x + (sigma_next - sigma) d
 *   d'  = (x' - x0') / sigma_next                 at sigma_next
 *   x_next = x + (sigma_next - sigma) (d + d') / 2
 * </pre>
 */
final class HeunScheduler implements Scheduler {
  private final SchedulerConfig config;
  private final NoiseSchedule noise;

  private HeunScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
  }

  /** The sampler of a configuration of any class; one that is not Heun's is read as if it were. */
  static HeunScheduler of(SchedulerConfig config) {
    return new HeunScheduler(config.as(SchedulerKind.HEUN_DISCRETE));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    SigmaSchedule schedule = SigmaSchedule.ofSteps(config, noise, steps);
    KarrasSteps run = new KarrasSteps(config, schedule);
    for (int i = first; i < steps; i++) {
      double sigma = schedule.sigma(i);
      double next = schedule.sigma(i + 1);
      double length = next - sigma;
      // 1. Euler's step; the last one lands on the clean sample and has no second half.
      LinearForm d = KarrasSteps.slope(sigma);
      LinearForm euler = SAMPLE.plus(d.times(length));
      run.add(
          2 * i, schedule.timestep(i), sigma, euler, next == 0 ? List.of() : List.of(SAMPLE, d));
      if (next == 0) {
        break;
      }
      // 2. The mean of the slopes at its two ends.
      LinearForm mean = memory(1).plus(KarrasSteps.slope(next)).times(0.5);
      run.add(
          2 * i + 1, schedule.timestep(i + 1), next, memory(0).plus(mean.times(length)), List.of());
    }
    return run.run();
  }
}

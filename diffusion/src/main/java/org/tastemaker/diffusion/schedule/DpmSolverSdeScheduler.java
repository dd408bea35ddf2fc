package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.NOISE;
import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.X0;
import static org.tastemaker.diffusion.schedule.LinearForm.memory;

import java.util.List;

/**
 * DPM-Solver++ of the stochastic equation, as k-diffusion has it ("DPM++ SDE"): Lu et al.,
 * "DPM-Solver++" (2022); Karras et al. (2022). The model is asked twice for each step but the last.
 *
 * <pre>
 *   sigma_mid = sqrt(sigma sigma_next)
 *   x'     = (down_mid / sigma) x + (1 - down_mid / sigma) x0  + up_mid z       at sigma
 *   x_next = (down / sigma) x     + (1 - down / sigma) x0'     + up z'          at sigma_mid
 * </pre>
 *
 * <p>{@code up} and {@code down} are those of an ancestral step ({@link EulerScheduler}) to where
 * it goes. Both parts of a step ride on one Brownian path in sigma, so that z' holds z:
 *
 * <pre>
 *   z' = (sqrt(sigma - sigma_mid) z + sqrt(sigma_mid - sigma_next) w) / sqrt(sigma - sigma_next)
 * </pre>
 *
 * with a fresh w.
 */
final class DpmSolverSdeScheduler implements Scheduler {
  private final SchedulerConfig config;
  private final NoiseSchedule noise;

  private DpmSolverSdeScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
  }

  /** The sampler of a configuration of any class; one that is not its own is read as if it were. */
  static DpmSolverSdeScheduler of(SchedulerConfig config) {
    return new DpmSolverSdeScheduler(config.as(SchedulerKind.DPM_SOLVER_SDE));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    SigmaSchedule schedule = SigmaSchedule.ofSteps(config, noise, steps);
    NoiseLevels levels = NoiseLevels.of(config, noise);
    KarrasSteps run = new KarrasSteps(config, schedule);
    for (int i = first; i < steps; i++) {
      double sigma = schedule.sigma(i);
      double next = schedule.sigma(i + 1);
      if (next == 0) {
        run.add(2 * i, schedule.timestep(i), sigma, X0, List.of());
        break;
      }
      // 1. To the middle.
      double mid = Math.sqrt(sigma * next);
      LinearForm half = towards(SAMPLE, sigma, EulerScheduler.down(sigma, mid));
      run.add(
          2 * i,
          schedule.timestep(i),
          sigma,
          half.plus(NOISE.times(EulerScheduler.up(sigma, mid))),
          List.of(SAMPLE, NOISE));
      // 2. From the beginning, with the clean sample of the middle and the same path.
      LinearForm path =
          memory(1)
              .times(Math.sqrt(sigma - mid))
              .plus(NOISE.times(Math.sqrt(mid - next)))
              .times(1 / Math.sqrt(sigma - next));
      LinearForm whole = towards(memory(0), sigma, EulerScheduler.down(sigma, next));
      run.add(
          2 * i + 1,
          levels.timestep(mid),
          mid,
          whole.plus(path.times(EulerScheduler.up(sigma, next))),
          List.of());
    }
    return run.run();
  }

  /** A sample at a noise level, taken down towards the clean one. */
  private static LinearForm towards(LinearForm sample, double sigma, double down) {
    return sample.times(down / sigma).plus(X0.times(1 - down / sigma));
  }
}

package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.NOISE;
import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.memory;

import java.util.List;

/**
 * DPM-Solver-2 in Karras' variables, as k-diffusion has it ("DPM2"), and its ancestral form ("DPM2
 * a"): Lu et al., "DPM-Solver" (2022), algorithm 1 with r = 1/2; Karras et al. (2022). The model is
 * asked twice for each step but the last.
 *
 * <pre>
 *   sigma_mid = sqrt(sigma sigma_down)
 *   x'     = x + (sigma_mid - sigma) (x - x0) / sigma                         at sigma
 *   x_next = x + (sigma_down - sigma) (x' - x0') / sigma_mid + sigma_up z     at sigma_mid
 * </pre>
 *
 * <p>{@code sigma_down} is {@code sigma_next}, and {@code sigma_up} 0, where it is not ancestral;
 * otherwise they are {@link EulerScheduler}'s.
 */
final class Kdpm2Scheduler implements Scheduler {
  private final SchedulerConfig config;
  private final NoiseSchedule noise;
  private final boolean ancestral;

  private Kdpm2Scheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
    this.ancestral = config.kind() == SchedulerKind.KDPM2_ANCESTRAL_DISCRETE;
  }

  /** The sampler of a configuration of any class; the ancestral one only of its own. */
  static Kdpm2Scheduler of(SchedulerConfig config) {
    return new Kdpm2Scheduler(
        config.kind() == SchedulerKind.KDPM2_ANCESTRAL_DISCRETE
            ? config
            : config.as(SchedulerKind.KDPM2_DISCRETE));
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
      double timestep =
          config.flag("use_karras_sigmas") ? Math.rint(schedule.timestep(i)) : schedule.timestep(i);
      double down = ancestral ? EulerScheduler.down(sigma, next) : next;
      double up = ancestral ? EulerScheduler.up(sigma, next) : 0;
      double mid = Math.sqrt(sigma * down);
      // 1. To the middle; the last step goes all the way to the clean sample.
      LinearForm toMiddle = SAMPLE.plus(KarrasSteps.slope(sigma).times(mid - sigma));
      run.add(2 * i, timestep, sigma, toMiddle, next == 0 ? List.of() : List.of(SAMPLE));
      if (next == 0) {
        break;
      }
      // 2. From the beginning, with the slope of the middle.
      run.add(
          2 * i + 1,
          levels.timestep(mid),
          mid,
          memory(0).plus(KarrasSteps.slope(mid).times(down - sigma)).plus(NOISE.times(up)),
          List.of());
    }
    return run.run();
  }
}

package org.tastemaker.diffusion.schedule;

/**
 * A sampler of a diffusion model: it plans the run from noise to a clean sample in a given number
 * of steps.
 *
 * <p>A scheduler is immutable and serves any number of runs at a time. The loop around it is
 *
 * <pre>{@code
 * SamplingRun run = scheduler.begin(50);
 * // sample = run.initialNoiseScale() * noise
 * for (int i = 0; i < run.steps().size(); i++) {
 *   run.scaleInput(i, sample, input);
 *   // output = model(input, run.steps().get(i).timestep())
 *   run.step(i, output, sample, noise, sample);
 * }
 * }</pre>
 */
public interface Scheduler {
  /**
   * Plan a run that starts from a noised image: image-to-image.
   *
   * @param steps how many steps a whole run has, 1 to the number of training steps
   * @param strength the share of the whole run to do, in [0, 1]; the run has {@code floor(steps *
   *     strength)} steps. At 1 it has all of them; at 0 none, and the image stays as it is
   * @return the run
   * @throws IllegalArgumentException if an argument is out of range, or the schedule has no such
   *     steps; the message names the step
   */
  SamplingRun begin(int steps, double strength);

  /**
   * Plan a run that starts from pure noise.
   *
   * @param steps how many steps, 1 to the number of training steps
   * @return the run
   * @throws IllegalArgumentException if the number is out of range, or the schedule has no such
   *     steps; the message names the step
   */
  default SamplingRun begin(int steps) {
    return begin(steps, 1);
  }
}

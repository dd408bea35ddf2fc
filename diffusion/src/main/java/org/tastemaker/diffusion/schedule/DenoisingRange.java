package org.tastemaker.diffusion.schedule;

import java.util.Locale;

/**
 * A part of the way from noise to image, as shares of the noise schedule: 0 is pure noise, 1 the
 * clean image. A step belongs to it by the timestep that the network is told, whatever the number
 * of steps and the sampler:
 *
 * <pre>
 *   start &lt;= 1 - t / T &lt; end            t of T training steps
 * </pre>
 *
 * <p>These are the start and end percents of ComfyUI, which are in [0, 1] there too.
 *
 * @param start in [0, 1)
 * @param end above start, at most 1
 */
public record DenoisingRange(double start, double end) {
  /** All of it. */
  public static final DenoisingRange ALL = new DenoisingRange(0, 1);

  /** Checks both ends. */
  public DenoisingRange {
    if (!(start >= 0 && start < end && end <= 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a range of denoising is 0 <= start < end <= 1, 0 being pure noise, but was from %s to %s",
              start,
              end));
    }
  }

  /**
   * From pure noise to a share of the way: without the late steps, in which details are made and
   * rewards are hacked.
   *
   * @param end above 0, at most 1
   * @return the range
   */
  public static DenoisingRange until(double end) {
    return new DenoisingRange(0, end);
  }

  /**
   * Whether it is the whole way.
   *
   * @return true for {@link #ALL}
   */
  public boolean isAll() {
    return equals(ALL);
  }

  /**
   * Whether a step belongs to it.
   *
   * @param timestep of the step
   * @param trainSteps T of the noise schedule
   * @return true inside
   */
  public boolean contains(double timestep, int trainSteps) {
    // 1 - t / T, without its rounding; a sampler may begin at a noise level above the last
    // timestep.
    double done = trainSteps - timestep;
    return (start == 0 || start * trainSteps <= done) && (end == 1 || done < end * trainSteps);
  }

  /**
   * The steps of a run that belong to it, which are consecutive.
   *
   * @param run from noise to image
   * @param trainSteps T of the noise schedule
   * @return at least one step
   * @throws IllegalArgumentException if the run has no step in it
   */
  public StepWindow steps(SamplingRun run, int trainSteps) {
    double[] timesteps = run.timesteps();
    int first = 0;
    while (first < timesteps.length && !contains(timesteps[first], trainSteps)) {
      first++;
    }
    int end = first;
    while (end < timesteps.length && contains(timesteps[end], trainSteps)) {
      end++;
    }
    if (first == end) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "none of the %s denoising steps is in the range %s: sample with more steps, or widen it",
              timesteps.length,
              this));
    }
    return new StepWindow(first, end);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "[%s, %s)", start, end);
  }
}

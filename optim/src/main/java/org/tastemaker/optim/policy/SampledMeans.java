package org.tastemaker.optim.policy;

import java.nio.FloatBuffer;
import java.util.Locale;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.SamplingStep;

/**
 * The means of recorded steps under the policy that sampled them, from what they drew:
 *
 * <pre>
 *   x_{t-1} = mu_old + s z    so    mu_old = x_{t-1} - s z,    z = stream t + 1 of the image's seed
 * </pre>
 *
 * <p>That costs no evaluation of the network, and is the policy that sampled even where the weights
 * have changed since. It is checked: with this z the step has the log-probability that was
 * recorded.
 */
final class SampledMeans {
  private static final double LOG_SQRT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

  /** For each element: float rounding of what was drawn, divided by the smallest deviations. */
  private static final double BOUND = 1e-3;

  private final Reduction reduction;
  private final int size; // C h w
  private final FloatBuffer means; // [B, C, h, w]
  private final float[] noise; // z, [C, h, w]

  SampledMeans(Reduction reduction, int capacity, int size) {
    this.reduction = reduction;
    this.size = size;
    this.means = FloatBuffer.allocate(capacity * size);
    this.noise = new float[size];
  }

  /** Of row n, [C, h, w]. */
  FloatBuffer row(int n) {
    return means.slice(n * size, size);
  }

  /** Sets row n. */
  void set(int n, SamplingStep step, Trajectory trajectory) {
    Seed seed =
        trajectory
            .seed()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "the KL to the policy that sampled needs the noise of the steps, but the"
                            + " trajectory is without its seed"));
    seed.gaussian(step.index() + 1, noise);
    requireRecorded(step, trajectory);
    FloatBuffer drawn = trajectory.latents().get(step.index() + 1); // x_{t-1}
    double s = step.rule().sigma();
    for (int i = 0; i < size; i++) {
      means.put(n * size + i, (float) (drawn.get(i) - s * noise[i]));
    }
  }

  /** The log-probability of this noise is the recorded one. */
  private void requireRecorded(SamplingStep step, Trajectory trajectory) {
    double squares = 0;
    for (float z : noise) {
      squares += (double) z * z;
    }
    double mean =
        -squares / size / 2 - Math.log(step.rule().sigma()) - LOG_SQRT_TWO_PI; // of log p_old
    double recorded = trajectory.logProbabilities().get(step.index());
    double each = reduction == Reduction.MEAN ? recorded : recorded / size;
    if (!(Math.abs(mean - each) <= BOUND)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s has the log-probability %s for each element, but with the noise of the image's seed it would have %s: the KL to the policy that sampled needs rollouts of the library's own sampler, with the seeds that they were sampled with",
              step,
              each,
              mean));
    }
  }
}

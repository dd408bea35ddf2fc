package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableDoubleArray;
import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * How one image was denoised: what the likelihood of its steps is taken of.
 *
 * @param prompt z
 * @param seed whose streams 1 to T are the noise of the steps; empty where it is not known
 * @param latents x_T to x_0, [T+1] of [C, h, w]; to be read by absolute index
 * @param logProbabilities of the steps under the policy that sampled them, [T]; NaN for a step that
 *     was deterministic, and so has none
 */
public record Trajectory(
    Prompt prompt,
    Optional<Seed> seed,
    ImmutableList<FloatBuffer> latents,
    ImmutableDoubleArray logProbabilities) {
  public Trajectory {
    if (logProbabilities.isEmpty() || latents.size() != logProbabilities.length() + 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a trajectory of T steps, at least 1, has T log-probabilities and T+1 latents, but had %s and %s",
              logProbabilities.length(),
              latents.size()));
    }
  }

  /**
   * An image of a rollout.
   *
   * @param rollout open as long as the trajectory is used
   * @param image in the rollout
   * @return a view of the rollout's latents
   */
  public static Trajectory of(Rollout rollout, int image) {
    FloatBuffer all = FloatBuffers.of(rollout.latents()); // [T+1, N, C, h, w]
    FloatBuffer recorded = FloatBuffers.of(rollout.logProbabilities()); // [T, N]
    int n = rollout.size();
    int size = all.capacity() / (rollout.steps() + 1) / n;
    ImmutableList.Builder<FloatBuffer> latents = ImmutableList.builder();
    for (int t = 0; t <= rollout.steps(); t++) {
      latents.add(all.slice((t * n + image) * size, size));
    }
    ImmutableDoubleArray.Builder logProbabilities = ImmutableDoubleArray.builder();
    for (int t = 0; t < rollout.steps(); t++) {
      logProbabilities.add(recorded.get(t * n + image));
    }
    return new Trajectory(
        rollout.prompts().get(image),
        Optional.of(rollout.seeds().get(image)),
        latents.build(),
        logProbabilities.build());
  }

  /**
   * What an image of a rollout was decoded from.
   *
   * @param rollout open as long as the latents are used
   * @param image in the rollout
   * @return x_0, [C, h, w], a view of the rollout's latents
   */
  public static FloatBuffer last(Rollout rollout, int image) {
    FloatBuffer all = FloatBuffers.of(rollout.latents()); // [T+1, N, C, h, w]
    int size = all.capacity() / (rollout.steps() + 1) / rollout.size();
    return all.slice((rollout.steps() * rollout.size() + image) * size, size);
  }

  /**
   * How many steps it has.
   *
   * @return T, at least 1
   */
  public int steps() {
    return logProbabilities.length();
  }

  /**
   * Whether a step drew noise, and so has a likelihood.
   *
   * @param step from 0, the noisiest
   * @return false for one that was deterministic when it was sampled
   */
  public boolean hasLikelihood(int step) {
    return !Double.isNaN(logProbabilities.get(step));
  }

  /**
   * The same with latents of its own, which outlive the rollout.
   *
   * @return a copy on the Java heap
   */
  public Trajectory copy() {
    return new Trajectory(
        prompt,
        seed,
        latents.stream()
            .map(x -> FloatBuffer.allocate(x.capacity()).put(0, x, 0, x.capacity()))
            .collect(ImmutableList.toImmutableList()),
        logProbabilities);
  }
}

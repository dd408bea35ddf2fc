package org.tastemaker.optim.policy;

import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.schedule.Reduction;

/**
 * {@code E sum_t KL(p_theta || p_ref)}, in nats: how far training has moved the policy, on all
 * denoising steps of a rollout or, for a number in every round, on a few of them.
 */
final class KlToReference {
  private KlToReference() {}

  /** Over all images and steps. */
  static double exact(PolicyNetwork policy, Rollout rollout, int microBatch) {
    int[] all = IntStream.range(0, rollout.size() * rollout.steps()).toArray();
    return mean(policy, rollout, microBatch, all) * rollout.steps();
  }

  /**
   * By one micro-batch of the steps, drawn at random.
   *
   * @return empty where it cannot be measured: the policy is deterministic, it could not have
   *     sampled the rollout, or its pre-trained weights are gone
   */
  static OptionalDouble estimate(PolicyNetwork policy, Rollout rollout, int microBatch, Seed seed) {
    SamplingOptions options = policy.model().options();
    if (options.eta() == 0 || !policy.hasReference() || !Transitions.fits(policy, rollout)) {
      return OptionalDouble.empty();
    }
    // With guidance a row is two of the U-Net's: no more of them than an update has, which would
    // need buffers of another size.
    int rows = options.guidanceScale() == 1 ? microBatch : Math.max(1, microBatch / 2);
    int[] some =
        Arrays.stream(Shuffle.order(rollout.size() * rollout.steps(), seed)).limit(rows).toArray();
    return OptionalDouble.of(mean(policy, rollout, rows, some) * rollout.steps());
  }

  /** Of a row: row n is step {@code n mod T} of image {@code n / T}. */
  private static double mean(PolicyNetwork policy, Rollout rollout, int microBatch, int[] rows) {
    Transitions transitions = new Transitions(policy, Transitions.of(policy, rollout), microBatch);
    double sum = 0;
    for (int first = 0; first < rows.length; first += microBatch) {
      int[] some = Arrays.copyOfRange(rows, first, Math.min(first + microBatch, rows.length));
      transitions.forward(
          Arrays.stream(some).map(row -> row / rollout.steps()).toArray(),
          Arrays.stream(some).map(row -> row % rollout.steps()).toArray());
      sum += Arrays.stream(transitions.klWithoutGradient()).sum();
    }
    boolean means = policy.model().options().reduction() == Reduction.MEAN;
    return sum * (means ? policy.model().latentShape().size() : 1) / rows.length;
  }
}

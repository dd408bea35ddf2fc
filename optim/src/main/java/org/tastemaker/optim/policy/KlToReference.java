package org.tastemaker.optim.policy;

import java.util.Arrays;
import java.util.Optional;
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

  /** How many images of each denoising step an estimate takes: two show how much they differ. */
  private static final int IMAGES = 2;

  /** Over all images and steps. */
  static double exact(PolicyNetwork policy, Rollout rollout, int microBatch) {
    int[] all = IntStream.range(0, rollout.size() * rollout.steps()).toArray();
    return Arrays.stream(each(policy, rollout, microBatch, all)).sum() / rollout.size();
  }

  /**
   * By every denoising step of a few images, drawn at random for each step. The KL differs far more
   * between steps than between the images of a step, so no step is left to chance.
   *
   * @return empty where it cannot be measured: the policy is deterministic, it could not have
   *     sampled the rollout, or its pre-trained weights are gone
   */
  static Optional<KlEstimate> estimate(
      PolicyNetwork policy, Rollout rollout, int microBatch, Seed seed) {
    SamplingOptions options = policy.model().options();
    if (options.eta() == 0 || !policy.hasReference() || !Transitions.fits(policy, rollout)) {
      return Optional.empty();
    }
    // With guidance a row is two of the U-Net's: no more of them than an update has, which would
    // need buffers of another size.
    int batch = options.guidanceScale() == 1 ? microBatch : Math.max(1, microBatch / 2);
    int each = Math.min(IMAGES, rollout.size());
    int[] rows = new int[rollout.steps() * each];
    for (int t = 0; t < rollout.steps(); t++) {
      int[] order = Shuffle.order(rollout.size(), seed.split(t));
      for (int k = 0; k < each; k++) {
        rows[t * each + k] = order[k] * rollout.steps() + t;
      }
    }
    double[] kl = each(policy, rollout, batch, rows);
    double value = 0;
    double squares = 0;
    for (int t = 0; t < rollout.steps(); t++) {
      double[] of = Arrays.copyOfRange(kl, t * each, (t + 1) * each);
      double mean = Arrays.stream(of).sum() / each;
      value += mean;
      if (each < rollout.size()) { // else nothing was left out
        double variance = Arrays.stream(of).map(x -> (x - mean) * (x - mean)).sum() / (each - 1);
        squares += variance / each * (1 - (double) each / rollout.size());
      }
    }
    return Optional.of(new KlEstimate(value, Math.sqrt(squares)));
  }

  /** Of each row, in nats: row n is step {@code n mod T} of image {@code n / T}. */
  private static double[] each(PolicyNetwork policy, Rollout rollout, int microBatch, int[] rows) {
    Transitions transitions = new Transitions(policy, Transitions.of(policy, rollout), microBatch);
    boolean means = policy.model().options().reduction() == Reduction.MEAN;
    int elements = means ? policy.model().latentShape().size() : 1;
    double[] all = new double[rows.length];
    for (int first = 0; first < rows.length; first += microBatch) {
      int[] some = Arrays.copyOfRange(rows, first, Math.min(first + microBatch, rows.length));
      transitions.forward(
          Arrays.stream(some).map(row -> row / rollout.steps()).toArray(),
          Arrays.stream(some).map(row -> row % rollout.steps()).toArray());
      double[] kl = transitions.klWithoutGradient();
      for (int n = 0; n < some.length; n++) {
        all[first + n] = kl[n] * elements;
      }
    }
    return all;
  }
}

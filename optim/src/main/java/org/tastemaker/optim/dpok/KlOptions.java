package org.tastemaker.optim.dpok;

import java.util.Objects;
import org.tastemaker.optim.policy.Transitions;

/**
 * How the policy is kept near the pre-trained model.
 *
 * @param weight beta, at least 0; with 0 the divergence is not computed
 * @param warmup for how many of the first rounds beta is 0, at least 0; the divergence is reported
 *     all the same
 * @param form which divergence
 */
public record KlOptions(double weight, int warmup, Transitions.Divergence form) {
  public KlOptions {
    if (!(weight >= 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException(
          "klWeight must be at least 0 and finite, but was " + weight);
    }
    if (warmup < 0) {
      throw new IllegalArgumentException("klWarmup must be at least 0, but was " + warmup);
    }
    Objects.requireNonNull(form, "form == null");
  }

  /** Beta in a round, from 1. */
  double weightIn(long round) {
    return round > warmup ? weight : 0;
  }
}

package org.tastemaker.optim.dpok;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import org.tastemaker.optim.policy.KlForm;

/**
 * How the policy is kept near the pre-trained model.
 *
 * @param weight beta, at least 0; with 0 the KL is not computed
 * @param warmup for how many of the first rounds beta is 0, at least 0; the KL is reported all the
 *     same. It is the public code's {@code kl_warmup} plus 1
 * @param form how the KL is computed
 */
@RecordBuilder
public record KlOptions(double weight, int warmup, KlForm form) implements KlOptionsBuilder.With {
  public KlOptions {
    if (!(weight >= 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException(
          "kl.weight must be at least 0 and finite, but was " + weight);
    }
    if (warmup < 0) {
      throw new IllegalArgumentException("kl.warmup must be at least 0, but was " + warmup);
    }
    Objects.requireNonNull(form, "form == null");
  }

  /**
   * The paper's: exact, and from the first round on.
   *
   * @param weight beta, at least 0
   * @return the options
   */
  public static KlOptions of(double weight) {
    return new KlOptions(weight, 0, KlForm.EXACT);
  }

  /** Beta in a round, from 1. */
  double weightIn(long round) {
    return round > warmup ? weight : 0;
  }
}

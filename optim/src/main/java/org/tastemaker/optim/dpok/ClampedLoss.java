package org.tastemaker.optim.dpok;

import java.util.Optional;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.policy.KlForm;
import org.tastemaker.optim.policy.TransitionLoss;

/**
 * {@link ClampedRatio} as a loss of transitions, whose advantages are alpha A_t: {@code -alpha A
 * rho}.
 *
 * @param clipRange of the ratio
 * @param form of the KL to the reference
 * @param penalized whether there is one
 */
record ClampedLoss(double clipRange, KlForm form, boolean penalized) implements TransitionLoss {
  @Override
  public Terms of(Numbers row, double weight) {
    ClampedRatio rho = ClampedRatio.of(row.now(), row.old(), clipRange);
    return new Terms(-weight * rho.value(), -weight * rho.slope(), 0, rho.clamped());
  }

  @Override
  public Optional<KlForm> kl() {
    return penalized ? Optional.of(form) : Optional.empty();
  }

  @Override
  public Settings settings() {
    return Settings.of(this).with("loss", "dpok");
  }
}

package org.tastemaker.optim.grpo;

import java.util.Optional;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.policy.KlForm;
import org.tastemaker.optim.policy.TransitionLoss;

/**
 * {@link Surrogate} as a loss of transitions.
 *
 * @param objective how a step is kept near the policy that sampled it
 * @param clipRange of a ratio
 * @param maskKl of D
 * @param penalized whether there is a KL to the reference
 */
record SurrogateLoss(Objective objective, double clipRange, double maskKl, boolean penalized)
    implements TransitionLoss {
  @Override
  public Terms of(Numbers row, double advantage) {
    double logRatio = row.logRatio();
    Surrogate surrogate =
        switch (objective) {
          case CLIPPED -> Surrogate.clipped(logRatio, advantage, clipRange);
          case GUARDED ->
              Surrogate.guarded(logRatio, row.drift(), row.deviation(), advantage, clipRange);
          case MASKED -> Surrogate.masked(logRatio, row.drift(), advantage, maskKl);
        };
    return new Terms(
        surrogate.loss(), surrogate.byLogProbability(), surrogate.byKl(), surrogate.stopped());
  }

  @Override
  public Drift drift() {
    return switch (objective) {
      case CLIPPED -> Drift.UNUSED;
      case GUARDED -> Drift.TRAINED;
      case MASKED -> Drift.READ;
    };
  }

  @Override
  public Optional<KlForm> kl() {
    return penalized ? Optional.of(KlForm.EXACT) : Optional.empty();
  }

  @Override
  public Settings settings() {
    return Settings.of(this).with("loss", "grpo");
  }
}

package org.tastemaker.optim.grpo;

import org.tastemaker.optim.policy.ClippedObjective;

/**
 * The loss of one step of one image, and its derivatives. With l = log p_theta - log p_old, a mean
 * over elements, and D = KL(p_theta || p_old):
 *
 * <pre>
 *   CLIPPED   rho = exp(l)             max(-A rho, -A clamp(rho, 1 - c, 1 + c))
 *   GUARDED   rho = exp((l + D) s)     the same
 *   MASKED    rho = exp(l)             -A rho, or 0 where A (rho - 1) &gt; 0 and D &gt; delta
 * </pre>
 *
 * @param ratio rho
 * @param loss of the step
 * @param byLogProbability d loss / d log p_theta
 * @param byKl d loss / d D
 * @param stopped whether rho is outside of the clip range, or the step is left out
 */
record Surrogate(double ratio, double loss, double byLogProbability, double byKl, boolean stopped) {

  static Surrogate clipped(double logRatio, double advantage, double clip) {
    return clipped(logRatio, advantage, clip, 1, 0);
  }

  /**
   * GRPO-Guard for steps of deviation s. For Gaussians of one deviation {@code l + D = mean(z (mu -
   * mu_old)) / s}, z being the noise of the step: linear in what was learned, and 0 on average.
   */
  static Surrogate guarded(
      double logRatio, double kl, double deviation, double advantage, double clip) {
    return clipped((logRatio + kl) * deviation, advantage, clip, deviation, deviation);
  }

  private static Surrogate clipped(
      double logRho, double advantage, double clip, double byLogProbability, double byKl) {
    ClippedObjective objective = ClippedObjective.of(logRho, advantage, clip);
    return new Surrogate(
        objective.ratio(),
        objective.loss(),
        objective.slope() * byLogProbability,
        objective.slope() * byKl,
        objective.clipped());
  }

  static Surrogate masked(double logRatio, double kl, double advantage, double maxKl) {
    double ratio = Math.exp(logRatio);
    boolean stopped = advantage * (ratio - 1) > 0 && kl > maxKl;
    double loss = stopped ? 0 : -advantage * ratio;
    return new Surrogate(ratio, loss, loss, 0, stopped);
  }
}

package org.tastemaker.optim.ddpo;

/**
 * The loss of one step with importance sampling, and its derivative: Black et al., 2023, section
 * 4.3, with the clipping of PPO (Schulman et al., 2017, equation 7).
 *
 * <pre>
 *   rho  = exp(log p_new - log p_old)
 *   loss = max(-A rho, -A clamp(rho, 1 - clip, 1 + clip))
 * </pre>
 *
 * @param ratio rho
 * @param loss of the step
 * @param slope d loss / d log p_new
 * @param clipped whether rho is outside of the range
 */
record ClippedObjective(double ratio, double loss, double slope, boolean clipped) {
  static ClippedObjective of(double now, double old, double advantage, double clip) {
    double ratio = Math.exp(now - old);
    double clamped = Math.max(1 - clip, Math.min(1 + clip, ratio));
    double open = -advantage * ratio;
    double closed = -advantage * clamped;
    // The larger of the two; where they are equal, the one that has a slope, as in PyTorch.
    return new ClippedObjective(
        ratio, Math.max(open, closed), open >= closed ? open : 0, Math.abs(ratio - 1) > clip);
  }
}

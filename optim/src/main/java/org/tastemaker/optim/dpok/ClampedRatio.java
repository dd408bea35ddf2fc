package org.tastemaker.optim.dpok;

/**
 * The ratio of probabilities of one step, clamped, and its derivative: outside of the range there
 * is no slope on either side, unlike with PPO's pessimistic bound.
 *
 * <pre>
 *   rho = clamp(exp(log p_new - log p_old), 1 - clip, 1 + clip)
 * </pre>
 *
 * @param value rho
 * @param slope d rho / d log p_new
 * @param clamped whether the ratio is outside of the range
 */
record ClampedRatio(double value, double slope, boolean clamped) {
  static ClampedRatio of(double now, double old, double clip) {
    double ratio = Math.exp(now - old);
    boolean inside = Math.abs(ratio - 1) <= clip;
    return new ClampedRatio(
        Math.max(1 - clip, Math.min(1 + clip, ratio)), inside ? ratio : 0, !inside);
  }
}

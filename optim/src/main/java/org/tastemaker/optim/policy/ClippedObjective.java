package org.tastemaker.optim.policy;

/**
 * The loss of one row with importance sampling, and its derivative: PPO's clipping (Schulman et
 * al., 2017, equation 7).
 *
 * <pre>
 *   loss = max(-A rho, -A clamp(rho, 1 - clip, 1 + clip))
 * </pre>
 *
 * @param ratio rho
 * @param loss of the row
 * @param slope d loss / d log rho
 * @param clipped whether rho is outside of the range
 */
public record ClippedObjective(double ratio, double loss, double slope, boolean clipped) {
  /**
   * The loss of a row.
   *
   * @param logRatio log rho, such as log p_new - log p_old
   * @param advantage A
   * @param clip of the ratio, above 0
   * @return the loss and its derivative
   */
  public static ClippedObjective of(double logRatio, double advantage, double clip) {
    double ratio = Math.exp(logRatio);
    double clamped = Math.max(1 - clip, Math.min(1 + clip, ratio));
    double open = -advantage * ratio;
    double closed = -advantage * clamped;
    // The larger of the two; where they are equal, the one that has a slope, as in PyTorch.
    return new ClippedObjective(
        ratio, Math.max(open, closed), open >= closed ? open : 0, Math.abs(ratio - 1) > clip);
  }
}

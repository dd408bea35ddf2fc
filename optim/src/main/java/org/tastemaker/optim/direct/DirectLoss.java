package org.tastemaker.optim.direct;

import java.util.Locale;
import java.util.Objects;

/**
 * What is minimised of an image's reward r, one number of it.
 *
 * <pre>
 *   LINEAR    scale (target - r)           more reward is always better
 *   HINGE     scale max(0, target - r)     more than the target is no better
 *   DISTANCE  scale |target - r|           more than the target is worse
 * </pre>
 *
 * @param form which of them
 * @param scale above 0; with AdamW it matters for the bound of the gradient's norm alone
 * @param target the reward that is aimed at; of LINEAR it shifts the loss alone
 */
public record DirectLoss(Form form, double scale, double target) {
  /** How a loss depends on the reward. */
  public enum Form {
    /** A straight line. */
    LINEAR,
    /** A line that ends at the target. */
    HINGE,
    /** A line that turns at the target. */
    DISTANCE
  }

  public DirectLoss {
    Objects.requireNonNull(form, "form == null");
    if (!(scale > 0) || Double.isInfinite(scale) || !Double.isFinite(target)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the scale must be finite and above 0, and the target finite, but they were %s and %s",
              scale,
              target));
    }
  }

  /**
   * The reward itself, to be made as large as can be: {@code -r}.
   *
   * @return as the paper of DRaFT
   */
  public static DirectLoss maximise() {
    return new DirectLoss(Form.LINEAR, 1, 0);
  }

  /**
   * A loss that ends at a target.
   *
   * @param scale above 0
   * @param target from which on there is no loss
   * @return {@code scale max(0, target - r)}
   */
  public static DirectLoss hinge(double scale, double target) {
    return new DirectLoss(Form.HINGE, scale, target);
  }

  /**
   * A loss that holds rewards at a target.
   *
   * @param scale above 0
   * @param target where there is no loss
   * @return {@code scale |target - r|}
   */
  public static DirectLoss distance(double scale, double target) {
    return new DirectLoss(Form.DISTANCE, scale, target);
  }

  /**
   * The loss of a reward.
   *
   * @param reward r
   * @return the loss
   */
  public double of(double reward) {
    double missing = target - reward;
    return scale
        * switch (form) {
          case LINEAR -> missing;
          case HINGE -> Math.max(0, missing);
          case DISTANCE -> Math.abs(missing);
        };
  }

  /**
   * The loss's derivative by the reward; 0 at the target, where a HINGE and a DISTANCE have none.
   *
   * @param reward r
   * @return the derivative
   */
  public double slope(double reward) {
    double missing = target - reward;
    return -scale
        * switch (form) {
          case LINEAR -> 1;
          case HINGE -> missing > 0 ? 1 : 0;
          case DISTANCE -> Math.signum(missing);
        };
  }
}

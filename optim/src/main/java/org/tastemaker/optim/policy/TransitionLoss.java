package org.tastemaker.optim.policy;

import java.io.Serializable;
import java.util.Optional;
import org.tastemaker.core.run.Settings;

/**
 * The loss of one denoising step of one image, and its derivatives: what one method over {@link
 * Transitions} has that another has not. It is a function of a few numbers, and so can be sent to
 * where the U-Net runs.
 */
public interface TransitionLoss extends Serializable {
  /** What a loss wants with {@link Transitions#klToSampling}. */
  enum Drift {
    /** It is not computed. */
    UNUSED,
    /** The loss reads it. */
    READ,
    /** The loss has a slope by it. */
    TRAINED
  }

  /**
   * What is known of a step.
   *
   * @param now log p_theta
   * @param old log p_theta_old, as it was recorded
   * @param deviation s of the step's noise
   * @param drift D, {@link Transitions#klToSampling}; 0 where it is not wanted
   * @param kl to the reference; 0 where it is not wanted
   */
  record Numbers(double now, double old, double deviation, double drift, double kl) {
    /**
     * The logarithm of the ratio of probabilities.
     *
     * @return log rho
     */
    public double logRatio() {
      return now - old;
    }
  }

  /**
   * The loss, without the penalty of the KL to the reference.
   *
   * @param loss of the step
   * @param byLogProbability d loss / d log p_theta
   * @param byDrift d loss / d D
   * @param clipped whether the step is outside of the clip range, or left out
   */
  record Terms(double loss, double byLogProbability, double byDrift, boolean clipped) {}

  /**
   * The loss of a step.
   *
   * @param numbers of it
   * @param advantage A of its image
   * @return a function of these alone
   */
  Terms of(Numbers numbers, double advantage);

  /**
   * Whether D is wanted.
   *
   * @return not, unless a loss says otherwise
   */
  default Drift drift() {
    return Drift.UNUSED;
  }

  /**
   * The form of the KL to the reference, whose weight is given with each update.
   *
   * @return empty for none, unless a loss says otherwise
   */
  default Optional<KlForm> kl() {
    return Optional.empty();
  }

  /**
   * What decides the loss. Equal settings are the same function.
   *
   * @return the settings
   */
  Settings settings();
}

package org.tastemaker.diffusion.train;

import java.util.Objects;
import org.tastemaker.diffusion.schedule.NoiseSchedule;
import org.tastemaker.diffusion.schedule.PredictionType;

/**
 * The weight of a timestep in the denoising loss: Hang et al., "Efficient Diffusion Training via
 * Min-SNR Weighting Strategy" (2023), section 3.4. It stops the nearly clean timesteps, whose
 * signal-to-noise ratio is huge, from dominating the gradient.
 *
 * <pre>
 *   predicting x_0:      min(snr, gamma)
 *   predicting epsilon:  min(snr, gamma) / snr
 *   predicting v:        min(snr, gamma) / (snr + 1)
 * </pre>
 */
final class MinSnrWeight {
  private final NoiseSchedule noise;
  private final PredictionType type;
  private final double gamma;

  /**
   * The weights of a schedule.
   *
   * @param noise the schedule
   * @param type what the loss compares, which is what the model predicts
   * @param gamma the largest weight of the clean sample's error, above 0; infinite for none
   */
  MinSnrWeight(NoiseSchedule noise, PredictionType type, double gamma) {
    if (!(gamma > 0)) {
      throw new IllegalArgumentException("gamma must be above 0, but was " + gamma);
    }
    this.noise = Objects.requireNonNull(noise, "noise == null");
    this.type = Objects.requireNonNull(type, "type == null");
    this.gamma = gamma;
  }

  /**
   * The weight of the mean squared error at a timestep.
   *
   * @param timestep 0 to T - 1
   * @return at least 0; for epsilon and v at most 1
   */
  double at(int timestep) {
    double snr = noise.snr(timestep);
    // Written so that no noise (snr infinite) and no signal (snr 0) have their limits.
    return switch (type) {
      case SAMPLE -> Math.min(snr, gamma);
      case EPSILON -> Math.min(1, gamma / snr);
      case V_PREDICTION -> Math.min(noise.alphaCumprod(timestep), gamma / (snr + 1));
    };
  }
}

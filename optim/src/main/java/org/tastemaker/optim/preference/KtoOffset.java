package org.tastemaker.optim.preference;

/**
 * What a gain is measured from: z, which stands for the KL from the reference and has no gradient.
 * Where a batch has no liked image, or only such, the mean of none is 0.
 */
public enum KtoOffset {
  /** The middle of the mean of g over the liked images and that over the others. */
  MIDDLE,
  /** The mean of g over the batch, at least 0. */
  MEAN,
  /**
   * The mean of g over the batch when each image is given another's prompt, at least 0: an estimate
   * of the KL, as in Ethayarajh et al. (2024). It runs both models once more.
   */
  MISMATCHED;

  /** Keeps the mean of none finite; the published program's value. */
  private static final double EPSILON = 1e-6;

  /**
   * The offset of a batch.
   *
   * @param gains g, [N], for MISMATCHED those of the other prompts
   * @param liked of each image, [N]
   */
  double of(double[] gains, boolean[] liked) {
    double[] sums = new double[2];
    int[] counts = new int[2];
    for (int n = 0; n < gains.length; n++) {
      int side = liked[n] ? 1 : 0;
      sums[side] += gains[n];
      counts[side]++;
    }
    return switch (this) {
      case MIDDLE -> (sums[1] / (counts[1] + EPSILON) + sums[0] / (counts[0] + EPSILON)) / 2;
      case MEAN, MISMATCHED -> Math.max(0, (sums[0] + sums[1]) / gains.length);
    };
  }
}

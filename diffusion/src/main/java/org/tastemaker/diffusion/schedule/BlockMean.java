package org.tastemaker.diffusion.schedule;

/**
 * The mean of a step on blocks of elements, in single precision, written so that the compiler makes
 * vector instructions of it: loops of one statement over arrays, without branches, conversions and
 * running sums. A block is in the first-level cache, so that several loops cost no more memory
 * traffic than one. Where x0 is not clipped, the mean is linear: {@code a x + b o}.
 *
 * @param clips whether x0 is clipped at all
 */
record BlockMean(StepCoefficients c, boolean clips, float a, float b) {
  static BlockMean of(StepCoefficients c) {
    return new BlockMean(
        c,
        c.clip() < Double.POSITIVE_INFINITY,
        (float) (c.meanFromX0() * c.x0FromSample() + c.meanFromSample()),
        (float) (c.meanFromX0() * c.x0FromOutput() + c.meanFromOutput()));
  }

  /** The means of a block, in place of the model's outputs. */
  private void mean(float[] output, float[] sample, int n) {
    if (clips) {
      clippedMean(output, sample, n);
      return;
    }
    float ax = a;
    float bo = b;
    for (int i = 0; i < n; i++) {
      output[i] = ax * sample[i] + bo * output[i];
    }
  }

  private void clippedMean(float[] output, float[] sample, int n) {
    float x0FromSample = (float) c.x0FromSample();
    float x0FromOutput = (float) c.x0FromOutput();
    float bound = (float) c.clip();
    float fromX0 = (float) c.meanFromX0();
    float fromSample = (float) c.meanFromSample();
    float fromOutput = (float) c.meanFromOutput();
    for (int i = 0; i < n; i++) {
      float x = sample[i];
      float o = output[i];
      float x0 = Math.max(-bound, Math.min(bound, x0FromSample * x + x0FromOutput * o));
      output[i] = fromX0 * x0 + fromSample * x + fromOutput * o;
    }
  }

  /**
   * A block of {@code previous = mean + sigma * noise}.
   *
   * @param output is overwritten with the means
   */
  void draw(float[] output, float[] sample, float[] noise, double sigma, float[] previous, int n) {
    mean(output, sample, n);
    if (sigma == 0) { // 0 times what is not finite would not be 0
      System.arraycopy(output, 0, previous, 0, n);
      return;
    }
    float s = (float) sigma;
    for (int i = 0; i < n; i++) {
      previous[i] = output[i] + s * noise[i];
    }
  }

  /**
   * {@link #draw} with a sigma above 0, and {@link #squares} of it, to the last bit.
   *
   * @param output is overwritten
   */
  double drawWithSquares(
      float[] output, float[] sample, float[] noise, double sigma, float[] previous, int n) {
    draw(output, sample, noise, sigma, previous, n);
    return squaresFromMean(output, previous, n);
  }

  /**
   * A block's sum of (previous - mean)^2.
   *
   * @param output is overwritten
   */
  double squares(float[] output, float[] sample, float[] previous, int n) {
    mean(output, sample, n);
    return squaresFromMean(output, previous, n);
  }

  /** The sum is made in double precision and in eight parts: an addition takes four cycles. */
  private static double squaresFromMean(float[] mean, float[] previous, int n) {
    for (int i = 0; i < n; i++) {
      float difference = previous[i] - mean[i];
      mean[i] = difference * difference;
    }
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    double s4 = 0;
    double s5 = 0;
    double s6 = 0;
    double s7 = 0;
    int i = 0;
    for (; i + 7 < n; i += 8) {
      s0 += mean[i];
      s1 += mean[i + 1];
      s2 += mean[i + 2];
      s3 += mean[i + 3];
      s4 += mean[i + 4];
      s5 += mean[i + 5];
      s6 += mean[i + 6];
      s7 += mean[i + 7];
    }
    for (; i < n; i++) {
      s0 += mean[i];
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  }

  /**
   * A block of {@code gradient = factor * (previous - mean) * d mean / d output}, in double
   * precision: in the last steps, where sigma is small, the difference is all that rounding leaves.
   */
  void gradient(
      float[] output, float[] sample, float[] previous, double factor, float[] gradient, int n) {
    double fromSample = c.meanFromX0() * c.x0FromSample() + c.meanFromSample();
    double fromOutput = c.meanFromX0() * c.x0FromOutput() + c.meanFromOutput();
    double slope = factor * fromOutput;
    for (int i = 0; i < n; i++) {
      double x = sample[i];
      double o = output[i];
      double mean = clips ? c.mean(x, o) : fromSample * x + fromOutput * o;
      gradient[i] =
          (float) ((clips ? factor * c.meanByOutput(x, o) : slope) * (previous[i] - mean));
    }
  }
}

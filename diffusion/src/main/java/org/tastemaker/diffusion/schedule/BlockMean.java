package org.tastemaker.diffusion.schedule;

/**
 * The mean of a step on blocks of elements, in single precision, written so that the compiler makes
 * vector instructions of it: loops of one statement over arrays, without branches, conversions and
 * running sums. A block is in the core's own cache, so that several loops cost no more memory
 * traffic than one. Where x0 is not clipped, the mean is linear: {@code a x + b o}.
 *
 * @param clips whether x0 is clipped at all
 */
record BlockMean(StepCoefficients c, boolean clips, float a, float b) {
  private static final int ROW = 1 << 10;

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
   * {@link #draw} with a sigma above 0 and {@link #squares} of its result, bit-identical to the two
   * calls.
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

  /**
   * The squares are added up row by row, a row being {@link #ROW} elements: up to eight in single
   * precision, which vector instructions do, then the row's in double precision and in eight parts,
   * since an addition takes four cycles.
   *
   * @param mean is overwritten
   */
  private static double squaresFromMean(float[] mean, float[] previous, int n) {
    for (int i = 0; i < n; i++) {
      float difference = previous[i] - mean[i];
      mean[i] = difference * difference;
    }
    int whole = n / ROW * ROW;
    for (int row = ROW; row < whole; row += ROW) {
      for (int i = 0; i < ROW; i++) {
        mean[i] += mean[row + i];
      }
    }
    return sum(mean, 0, Math.min(whole, ROW)) + sum(mean, whole, n);
  }

  private static double sum(float[] values, int from, int to) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    double s4 = 0;
    double s5 = 0;
    double s6 = 0;
    double s7 = 0;
    int i = from;
    for (; i + 7 < to; i += 8) {
      s0 += values[i];
      s1 += values[i + 1];
      s2 += values[i + 2];
      s3 += values[i + 3];
      s4 += values[i + 4];
      s5 += values[i + 5];
      s6 += values[i + 6];
      s7 += values[i + 7];
    }
    for (; i < to; i++) {
      s0 += values[i];
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  }

  /**
   * A block of {@code gradient = factor * (previous - mean) * d mean / d output}, in double
   * precision: where sigma is small, the difference is small against what is subtracted.
   */
  void gradient(
      float[] output, float[] sample, float[] previous, double factor, float[] gradient, int n) {
    if (clips) {
      for (int i = 0; i < n; i++) {
        double x = sample[i];
        double o = output[i];
        gradient[i] = (float) (factor * c.meanByOutput(x, o) * (previous[i] - c.mean(x, o)));
      }
      return;
    }
    double fromSample = c.meanFromX0() * c.x0FromSample() + c.meanFromSample();
    double fromOutput = c.meanFromX0() * c.x0FromOutput() + c.meanFromOutput();
    double slope = factor * fromOutput;
    for (int i = 0; i < n; i++) {
      gradient[i] =
          (float) (slope * (previous[i] - (fromSample * sample[i] + fromOutput * output[i])));
    }
  }
}

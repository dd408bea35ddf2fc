package org.tastemaker.diffusion.schedule;

/**
 * The mean of a step on blocks of elements, in double precision. Where x0 is not clipped, the mean
 * is linear: {@code a x + b o}.
 *
 * @param clips whether x0 is clipped at all
 */
record BlockMean(StepCoefficients c, boolean clips, double a, double b) {
  static BlockMean of(StepCoefficients c) {
    return new BlockMean(
        c,
        c.clip() < Double.POSITIVE_INFINITY,
        c.meanFromX0() * c.x0FromSample() + c.meanFromSample(),
        c.meanFromX0() * c.x0FromOutput() + c.meanFromOutput());
  }

  double at(double sample, double output) {
    return clips ? c.mean(sample, output) : a * sample + b * output;
  }

  /** The derivative by the output. */
  double byOutput(double sample, double output) {
    return clips ? c.meanByOutput(sample, output) : b;
  }

  /** A block of {@code previous = mean + sigma * noise}. */
  void draw(float[] output, float[] sample, float[] noise, double sigma, float[] previous, int n) {
    boolean random = sigma != 0; // 0 times what is not finite would not be 0
    for (int i = 0; i < n; i++) {
      double m = at(sample[i], output[i]);
      previous[i] = (float) (random ? m + sigma * noise[i] : m);
    }
  }

  /** {@link #draw} with a sigma above 0, and {@link #squares} of it, to the last bit. */
  double drawWithSquares(
      float[] output, float[] sample, float[] noise, double sigma, float[] previous, int n) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      double m0 = at(sample[i], output[i]);
      double m1 = at(sample[i + 1], output[i + 1]);
      double m2 = at(sample[i + 2], output[i + 2]);
      double m3 = at(sample[i + 3], output[i + 3]);
      float x0 = (float) (m0 + sigma * noise[i]);
      float x1 = (float) (m1 + sigma * noise[i + 1]);
      float x2 = (float) (m2 + sigma * noise[i + 2]);
      float x3 = (float) (m3 + sigma * noise[i + 3]);
      previous[i] = x0;
      previous[i + 1] = x1;
      previous[i + 2] = x2;
      previous[i + 3] = x3;
      s0 += (x0 - m0) * (x0 - m0);
      s1 += (x1 - m1) * (x1 - m1);
      s2 += (x2 - m2) * (x2 - m2);
      s3 += (x3 - m3) * (x3 - m3);
    }
    for (; i < n; i++) {
      double m = at(sample[i], output[i]);
      float x = (float) (m + sigma * noise[i]);
      previous[i] = x;
      s0 += (x - m) * (x - m);
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** A block's sum of (previous - mean)^2, in four parts: an addition takes four cycles. */
  double squares(float[] output, float[] sample, float[] previous, int n) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      double d0 = previous[i] - at(sample[i], output[i]);
      double d1 = previous[i + 1] - at(sample[i + 1], output[i + 1]);
      double d2 = previous[i + 2] - at(sample[i + 2], output[i + 2]);
      double d3 = previous[i + 3] - at(sample[i + 3], output[i + 3]);
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    for (; i < n; i++) {
      double d = previous[i] - at(sample[i], output[i]);
      s0 += d * d;
    }
    return (s0 + s1) + (s2 + s3);
  }
}

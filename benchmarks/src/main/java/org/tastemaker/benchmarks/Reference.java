package org.tastemaker.benchmarks;

import org.tastemaker.diffusion.schedule.StepCoefficients;

/** The step of a {@link KernelCase} in float64, element by element, exactly as in the formulas. */
final class Reference {
  private static final int U = 0;
  private static final int C = 1;
  private static final int X = 2;
  private static final int PREVIOUS = 3;

  private Reference() {}

  /** x_{t-1}, with the noise from the images' seeds. */
  static double[] sample(KernelCase k, double[][] in) {
    double[] previous = new double[k.images() * k.size()];
    float[] noise = new float[k.size()];
    for (int n = 0; n < k.images(); n++) {
      k.seed().split(n).gaussian(k.noiseStream(), noise);
      for (int i = 0; i < k.size(); i++) {
        int at = n * k.size() + i;
        previous[at] = mean(k, in, at) + k.c().sigma() * noise[i];
      }
    }
    return previous;
  }

  /** The mean, and the sum divided by the size, for each image. */
  static double[] logProbabilities(KernelCase k, double[][] in) {
    double[] all = new double[2 * k.images()];
    double sigma = k.c().sigma();
    for (int n = 0; n < k.images(); n++) {
      double sum = 0;
      for (int i = 0; i < k.size(); i++) {
        int at = n * k.size() + i;
        double z = (in[PREVIOUS][at] - mean(k, in, at)) / sigma;
        sum += -z * z / 2 - Math.log(sigma) - Math.log(2 * Math.PI) / 2;
      }
      all[2 * n] = sum / k.size();
      all[2 * n + 1] = sum / k.size();
    }
    return all;
  }

  /**
   * The gradients of the mean log-probability with respect to the conditional and the unconditional
   * output.
   */
  static double[][] gradients(KernelCase k, double[][] in, double[] weights) {
    StepCoefficients c = k.c();
    double[][] gradients = new double[2][k.images() * k.size()];
    for (int at = 0; at < gradients[0].length; at++) {
      double slope =
          (Math.abs(x0(k, in, at)) <= c.clip() ? c.meanFromX0() * c.x0FromOutput() : 0)
              + c.meanFromOutput();
      double difference = in[PREVIOUS][at] - mean(k, in, at);
      double g = weights[at / k.size()] * difference * slope / (c.sigma() * c.sigma() * k.size());
      gradients[0][at] = k.guidance() * g;
      gradients[1][at] = (1 - k.guidance()) * g;
    }
    return gradients;
  }

  /** The norm of the guided output's gradient for elements one standard deviation from the mean. */
  static double usualGradient(KernelCase k, double[] weights) {
    double sum = 0;
    for (double weight : weights) {
      sum += 2 * k.c().klFactor() * weight * weight / k.size();
    }
    return Math.sqrt(sum);
  }

  /**
   * Where x0 is at the limit of the clip range, up to float32 rounding, either side's gradient is
   * right.
   */
  static void leaveOutTheEdge(KernelCase k, double[][] in, double[] found, double[] exact) {
    for (int at = 0; at < exact.length; at++) {
      if (Math.abs(Math.abs(x0(k, in, at)) - k.c().clip()) < 1e-4) {
        found[at] = exact[at];
      }
    }
  }

  private static double output(KernelCase k, double[][] in, int at) {
    double c = in[C][at];
    return k.guidance() == 1 ? c : in[U][at] + k.guidance() * (c - in[U][at]);
  }

  private static double x0(KernelCase k, double[][] in, int at) {
    return k.c().x0FromSample() * in[X][at] + k.c().x0FromOutput() * output(k, in, at);
  }

  private static double mean(KernelCase k, double[][] in, int at) {
    StepCoefficients c = k.c();
    double x0 = Math.max(-c.clip(), Math.min(c.clip(), x0(k, in, at)));
    return c.meanFromX0() * x0
        + c.meanFromSample() * in[X][at]
        + c.meanFromOutput() * output(k, in, at);
  }
}

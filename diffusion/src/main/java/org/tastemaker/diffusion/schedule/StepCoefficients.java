package org.tastemaker.diffusion.schedule;

import java.util.Locale;

/**
 * One denoising step as an affine map, which is all that a kernel needs to know about a sampler.
 * For each element, with the model's output {@code o} and the sample {@code x}:
 *
 * <pre>
 *   x0   = clamp(x0FromSample * x + x0FromOutput * o, -clip, clip)
 *   mean = meanFromX0 * x0 + meanFromSample * x + meanFromOutput * o
 *   previous = mean + sigma * noise
 * </pre>
 *
 * *
 *
 * @param x0FromSample weight of the sample in the predicted clean sample
 * @param x0FromOutput weight of the model's output in the predicted clean sample
 * @param clip bound of the absolute value of the predicted clean sample; infinite: not clipped
 * @param meanFromX0 weight of the predicted clean sample in the mean
 * @param meanFromSample weight of the sample in the mean
 * @param meanFromOutput weight of the model's output in the mean
 * @param sigma deviation of the noise; 0 for a deterministic step
 */
public record StepCoefficients(
    double x0FromSample,
    double x0FromOutput,
    double clip,
    double meanFromX0,
    double meanFromSample,
    double meanFromOutput,
    double sigma)
    implements StepRule {

  /**
   * Checks every coefficient.
   *
   * @param x0FromSample finite
   * @param x0FromOutput finite
   * @param clip above 0
   * @param meanFromX0 finite
   * @param meanFromSample finite
   * @param meanFromOutput finite
   * @param sigma finite, at least 0
   * @throws IllegalArgumentException if a coefficient is out of its range
   */
  public StepCoefficients {
    double sum = x0FromSample + x0FromOutput + meanFromX0 + meanFromSample + meanFromOutput + sigma;
    if (!Double.isFinite(sum)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "every coefficient must be finite, but they were x0FromSample %s, x0FromOutput %s, meanFromX0 %s, meanFromSample %s, meanFromOutput %s, sigma %s",
              x0FromSample,
              x0FromOutput,
              meanFromX0,
              meanFromSample,
              meanFromOutput,
              sigma));
    }
    if (!(clip > 0)) {
      throw new IllegalArgumentException("clip must be above 0, but was " + clip);
    }
    if (sigma < 0) {
      throw new IllegalArgumentException("sigma must be at least 0, but was " + sigma);
    }
  }

  /**
   * The predicted clean sample of one element.
   *
   * @param sample x
   * @param output o
   * @return x0, clipped
   */
  public double x0(double sample, double output) {
    double x0 = x0FromSample * sample + x0FromOutput * output;
    // Not Math.max, which is slower for its care about NaN and -0.
    return x0 > clip ? clip : x0 < -clip ? -clip : x0;
  }

  /** The mean of one element. */
  double mean(double sample, double output) {
    return meanFromX0 * x0(sample, output) + meanFromSample * sample + meanFromOutput * output;
  }

  /** The derivative of the mean of one element with respect to the model's output. */
  double meanByOutput(double sample, double output) {
    double x0 = x0FromSample * sample + x0FromOutput * output;
    double throughX0 = Math.abs(x0) <= clip ? meanFromX0 * x0FromOutput : 0;
    return throughX0 + meanFromOutput;
  }

  /** The derivative of the mean of one element with respect to the sample, at a fixed output. */
  double meanBySample(double sample, double output) {
    double x0 = x0FromSample * sample + x0FromOutput * output;
    double throughX0 = Math.abs(x0) <= clip ? meanFromX0 * x0FromSample : 0;
    return throughX0 + meanFromSample;
  }

  /**
   * The step from here to the predicted clean sample at once, without noise.
   *
   * @return the deterministic step whose mean is x0
   */
  public StepCoefficients toCleanSample() {
    return new StepCoefficients(x0FromSample, x0FromOutput, clip, 1, 0, 0, 0);
  }

  /**
   * The factor c of the Kullback-Leibler divergence between two policies that differ in the model's
   * output alone: {@code KL = c |o - o_ref|^2}, exact for Gaussians of the same sigma, where
   * nothing is clipped.
   *
   * @return {@code (d mean / d o)^2 / (2 sigma^2)}
   * @throws IllegalStateException if sigma is 0
   */
  public double klFactor() {
    if (sigma == 0) {
      throw new IllegalStateException(
          "the KL divergence is not defined for a deterministic step (sigma = 0)");
    }
    double slope = (meanFromX0 * x0FromOutput + meanFromOutput) / sigma;
    return slope * slope / 2;
  }

  /** These coefficients for the x0 that a prediction type and noise level give, before the mean. */
  static Prediction prediction(PredictionType type, double abar) {
    double a = Math.sqrt(abar);
    double s = Math.sqrt(1 - abar);
    return switch (type) {
      case EPSILON -> new Prediction(1 / a, -s / a, 0, 1);
      case V_PREDICTION -> new Prediction(a, -s, s, a);
      case SAMPLE -> new Prediction(0, 1, 1 / s, -a / s);
    };
  }

  /**
   * What a model's output means for the sample {@code x = sqrt(abar) x0 + sqrt(1 - abar) e}: {@code
   * x0 = x0FromSample x + x0FromOutput o} and {@code e = noiseFromSample x + noiseFromOutput o}.
   */
  record Prediction(
      double x0FromSample, double x0FromOutput, double noiseFromSample, double noiseFromOutput) {}

  /** Checks that the step has a log-probability. */
  void requireDensity() {
    if (sigma == 0) {
      throw new IllegalArgumentException(
          "the log-probability of a deterministic step (sigma = 0) is not defined: sample with eta above 0 and DdimScheduler.FinalStep.DDPO");
    }
  }
}

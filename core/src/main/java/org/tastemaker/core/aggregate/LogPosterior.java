package org.tastemaker.core.aggregate;

import java.util.Arrays;

/**
 * A concave function of the log-worths and its maximum, by Newton's method.
 *
 * <pre>
 *   f(theta) = log-likelihood(theta) - (precision / 2) |theta|^2
 * </pre>
 *
 * <p>The likelihood of comparisons does not change when a number is added to all log-worths. At its
 * maximum the prior makes them sum to 0; without a prior that is asked for by a term of the same
 * kind in the one direction that the likelihood leaves open, and the inverse of the information is
 * taken in the others.
 */
abstract class LogPosterior {
  private static final int MAX_STEPS = 200;

  /** A gradient of this size moves a log-worth by about as much: beyond the digits of a double. */
  private static final double GRADIENT = 1e-11;

  final int size;
  final double precision;

  LogPosterior(int size, double precision) {
    this.size = size;
    this.precision = precision;
  }

  /**
   * The log-likelihood and its derivatives, prior left out.
   *
   * @param theta [items]
   * @param gradient [items], zeroed; receives the gradient
   * @param information [items, items], zeroed; receives minus the second derivatives
   */
  abstract double logLikelihood(double[] theta, double[] gradient, double[][] information);

  /** Climbs from all zeros. */
  final Worths maximum() {
    double[] theta = new double[size];
    double[] gradient = new double[size];
    double[][] information = new double[size][size];
    double value = evaluate(theta, gradient, information);
    int step = 0;
    while (norm(gradient) > GRADIENT * (1 + scale(information)) && step < MAX_STEPS) {
      // 1. Newton's direction: information * direction = gradient.
      double[] direction = new Cholesky(centred(information)).solve(gradient);
      // 2. Halve it until the function rises: always true near the maximum, since it is concave.
      double length = 1;
      double[] next = moved(theta, direction, length);
      double[] nextGradient = new double[size];
      double[][] nextInformation = new double[size][size];
      double nextValue = evaluate(next, nextGradient, nextInformation);
      while (!(nextValue >= value - 1e-13 * Math.abs(value)) && length > 1e-10) {
        length /= 2;
        next = moved(theta, direction, length);
        nextValue = evaluate(next, nextGradient, nextInformation);
      }
      boolean stands = nextValue == value && norm(nextGradient) >= norm(gradient);
      theta = next;
      gradient = nextGradient;
      information = nextInformation;
      value = nextValue;
      step++;
      if (stands) {
        break; // the digits of a double are used up
      }
    }
    // 3. Around the maximum: a Gaussian with the inverse of the information.
    //    The direction (1, ..., 1), of which the comparisons say nothing, is taken out: it holds
    //    what the prior, or centred(), has put in.
    double[][] covariance = new Cholesky(centred(information)).inverse();
    double open = 1 / ((precision == 0 ? 1 : precision) * size);
    for (double[] row : covariance) {
      for (int j = 0; j < size; j++) {
        row[j] -= open;
      }
    }
    double mean = Arrays.stream(theta).average().orElseThrow();
    double[] centredTheta = Arrays.stream(theta).map(t -> t - mean).toArray();
    double prior = -precision / 2 * Arrays.stream(theta).map(t -> t * t).sum();
    return new Worths(centredTheta, covariance, value - prior, step);
  }

  /** Value, gradient and information with the prior; overwrites the arrays. */
  final double evaluate(double[] theta, double[] gradient, double[][] information) {
    Arrays.fill(gradient, 0);
    for (double[] row : information) {
      Arrays.fill(row, 0);
    }
    double value = logLikelihood(theta, gradient, information);
    for (int i = 0; i < size; i++) {
      value -= precision / 2 * theta[i] * theta[i];
      gradient[i] -= precision * theta[i];
      information[i][i] += precision;
    }
    return value;
  }

  /** This function for those who bring the scores themselves. */
  final ScoreLikelihood asLikelihood() {
    return new ScoreLikelihood() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public double evaluate(double[] scores, double[] gradient) {
        if (scores.length != size || gradient.length != size) {
          throw new IllegalArgumentException(
              "there must be a score and a derivative for each of the "
                  + size
                  + " items, but there were "
                  + scores.length
                  + " and "
                  + gradient.length);
        }
        return LogPosterior.this.evaluate(scores, gradient, new double[size][size]);
      }
    };
  }

  /** Adds the projection on (1, ..., 1) / sqrt(n) where the prior does not fix that direction. */
  private double[][] centred(double[][] information) {
    if (precision > 0) {
      return information;
    }
    double[][] out = new double[size][];
    for (int i = 0; i < size; i++) {
      out[i] = Arrays.stream(information[i]).map(h -> h + 1.0 / size).toArray();
    }
    return out;
  }

  private static double[] moved(double[] theta, double[] direction, double length) {
    double[] out = theta.clone();
    for (int i = 0; i < out.length; i++) {
      out[i] += length * direction[i];
    }
    return out;
  }

  private static double norm(double[] v) {
    return Math.sqrt(Arrays.stream(v).map(x -> x * x).sum());
  }

  private static double scale(double[][] information) {
    double largest = 0;
    for (int i = 0; i < information.length; i++) {
      largest = Math.max(largest, information[i][i]);
    }
    return largest;
  }
}

package org.tastemaker.core.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.tastemaker.core.Seed;

/**
 * Central differences of the value against the gradient, and of the gradient against the
 * information.
 */
final class PosteriorCheck {
  private PosteriorCheck() {}

  static void check(LogPosterior posterior) {
    int n = posterior.size;
    float[] draws = new float[n];
    Seed.of(3).gaussian(0, draws);
    double[] theta = new double[n];
    for (int i = 0; i < n; i++) {
      theta[i] = draws[i];
    }
    double[] gradient = new double[n];
    double[][] information = new double[n][n];
    posterior.evaluate(theta, gradient, information);
    double h = 1e-5;
    for (int i = 0; i < n; i++) {
      double[] gradientUp = new double[n];
      double[] gradientDown = new double[n];
      double up = shifted(posterior, theta, i, h, gradientUp);
      double down = shifted(posterior, theta, i, -h, gradientDown);
      // the error of a central difference is h^2 = 1e-10 times a third derivative of order 10, and
      // rounding is 1e-16 * 50 / h = 5e-10
      assertThat((up - down) / (2 * h)).isCloseTo(gradient[i], within(1e-7));
      for (int j = 0; j < n; j++) {
        assertThat((gradientDown[j] - gradientUp[j]) / (2 * h))
            .isCloseTo(information[i][j], within(1e-7));
      }
    }
  }

  private static double shifted(
      LogPosterior posterior, double[] theta, int i, double h, double[] gradient) {
    double[] moved = theta.clone();
    moved[i] += h;
    return posterior.evaluate(moved, gradient, new double[moved.length][moved.length]);
  }
}

package org.tastemaker.examples.zo;

import org.tastemaker.core.Seed;

/** A method with its hyper-parameters. */
@FunctionalInterface
interface Minimizer {
  /**
   * Runs until the budget is too small for one more iteration.
   *
   * @param f what to minimize
   * @param start the first point, not changed
   * @param seed of everything that is drawn
   */
  void run(Evaluations f, float[] start, Seed seed);

  /** x + factor * direction, in float. */
  static float[] along(float[] x, double factor, double[] direction) {
    float[] point = new float[x.length];
    for (int c = 0; c < x.length; c++) {
      point[c] = (float) (x[c] + factor * direction[c]);
    }
    return point;
  }

  /** The point of lowest value among x and x + step * decay^i * direction, i = 0 to count - 1. */
  static float[] lineSearch(
      Evaluations f, float[] x, double[] direction, double step, double decay, int count) {
    float[] best = x;
    double lowest = f.at(x);
    for (int i = 0; i < count; i++) {
      float[] candidate = along(x, step * Math.pow(decay, i), direction);
      double value = f.at(candidate);
      if (value < lowest) {
        lowest = value;
        best = candidate;
      }
    }
    return best;
  }
}

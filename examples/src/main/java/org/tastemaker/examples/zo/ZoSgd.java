package org.tastemaker.examples.zo;

import org.tastemaker.core.Seed;

/**
 * ZO-SGD: stochastic gradient descent with an estimate from function values (Ghadimi and Lan,
 * "Stochastic First- and Zeroth-Order Methods for Nonconvex Stochastic Programming", 2013, equation
 * 3.1), averaged over m directions:
 *
 * <pre>
 *   g = 1/m sum_i (f(x + mu u_i) - f(x))/mu u_i,   u_i standard normal,   x &lt;- x - eta g
 * </pre>
 *
 * @param directions m
 * @param radius mu
 * @param step eta, or the largest one that the line search tries
 * @param candidates steps {@code eta 0.1^i} that are tried; 0 for the fixed step of the paper
 */
record ZoSgd(int directions, double radius, double step, int candidates) implements Minimizer {
  @Override
  public void run(Evaluations f, float[] start, Seed seed) {
    float[] x = start;
    float[] u = new float[x.length];
    for (int t = 0; f.allow(1 + directions + candidates); t++) {
      double here = f.at(x);
      double[] descent = new double[x.length]; // -g
      for (int i = 0; i < directions; i++) {
        double[] direction = draw(seed.split(t), i, u);
        double slope = (f.at(Minimizer.along(x, radius, direction)) - here) / radius;
        for (int c = 0; c < x.length; c++) {
          descent[c] -= slope * direction[c] / directions;
        }
      }
      x =
          candidates == 0
              ? Minimizer.along(x, step, descent)
              : Minimizer.lineSearch(f, x, descent, step, 0.1, candidates);
      if (!Double.isFinite(here)) {
        return; // diverged: the lowest value before counts
      }
    }
  }

  static double[] draw(Seed seed, int stream, float[] buffer) {
    seed.gaussian(stream, buffer);
    double[] direction = new double[buffer.length];
    for (int c = 0; c < buffer.length; c++) {
      direction[c] = buffer[c];
    }
    return direction;
  }
}

package org.tastemaker.examples.zo;

import org.tastemaker.core.Seed;

/**
 * GLD-Fast: gradientless descent with fast binary search (Golovin, Karro, Kochanski, Lee, Song and
 * Zhang, "Gradientless Descent: High-Dimensional Zeroth-Order Optimization", ICLR 2020, algorithm
 * 2). Each iteration moves to the best of x and
 *
 * <pre>
 *   x + 2^-i R v_i,   i = -K, ..., K,   v_i ~ N(0, I/n),   K = log2(4 sqrt(Q)), rounded up
 * </pre>
 *
 * <p>and R is halved every {@code H = n Q log2(Q)} iterations. It asks for the best of 2K + 2
 * points and nothing else.
 *
 * @param diameter R, of the search space
 * @param condition Q, a bound on the condition number, greater than 1
 */
record GldFast(double diameter, double condition) implements Minimizer {
  @Override
  public void run(Evaluations f, float[] start, Seed seed) {
    int k = radii();
    long halving = halving(start.length);
    double r = diameter;
    float[] x = start;
    float[] v = new float[x.length];
    for (int t = 0; f.allow(2 + 2 * k); t++) {
      if (t > 0 && t % halving == 0) {
        r /= 2;
      }
      float[] best = x;
      double lowest = f.at(x);
      for (int i = -k; i <= k; i++) {
        double[] direction = ZoSgd.draw(seed.split(t), i + k, v);
        double scale = Math.pow(2, -i) * r / Math.sqrt(x.length);
        float[] candidate = Minimizer.along(x, scale, direction);
        double value = f.at(candidate);
        if (value < lowest) {
          lowest = value;
          best = candidate;
        }
      }
      x = best;
    }
  }

  /** K. */
  int radii() {
    return (int) Math.ceil(Math.log(4 * Math.sqrt(condition)) / Math.log(2));
  }

  /** H. */
  long halving(int dimension) {
    return (long) Math.ceil(dimension * condition * Math.log(condition) / Math.log(2));
  }
}

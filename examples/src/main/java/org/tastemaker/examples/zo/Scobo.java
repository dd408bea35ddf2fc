package org.tastemaker.examples.zo;

import org.tastemaker.core.Seed;

/**
 * SCOBO: a gradient's direction from pairwise comparisons (Cai, McKenzie, Yin and Zhang, "A
 * One-Bit, Comparison-Based Gradient Estimator", 2020). Each of m comparisons gives one bit,
 *
 * <pre>
 *   y_i = sign(f(x + r z_i) - f(x)),   z_i standard normal
 *   g = argmax sum_i y_i &lt;z_i, g&gt;   subject to |g|_2 &lt;= 1, |g|_1 &lt;= sqrt(s)
 * </pre>
 *
 * <p>the one-bit compressed sensing problem of Plan and Vershynin for a gradient with about s large
 * coordinates. Its solution is the soft threshold of {@code sum_i y_i z_i}, scaled to length 1,
 * with the smallest threshold that meets the second constraint; with s = d that constraint is idle.
 * The step is found by comparisons too, among {@code eta 0.1^i}.
 *
 * @param comparisons m
 * @param radius r
 * @param step eta
 * @param candidates steps that are tried
 * @param sparsity s as a share of the dimension, in (0, 1]
 */
record Scobo(int comparisons, double radius, double step, int candidates, double sparsity)
    implements Minimizer {
  @Override
  public void run(Evaluations f, float[] start, Seed seed) {
    float[] x = start;
    float[] z = new float[x.length];
    for (int t = 0; f.allow(1 + comparisons + candidates); t++) {
      double here = f.at(x);
      double[] sum = new double[x.length]; // -sum_i y_i z_i
      for (int i = 0; i < comparisons; i++) {
        double[] direction = ZoSgd.draw(seed.split(t), i, z);
        double y = Math.signum(f.at(Minimizer.along(x, radius, direction)) - here);
        for (int c = 0; c < x.length; c++) {
          sum[c] -= y * direction[c];
        }
      }
      double[] descent = solve(sum, Math.sqrt(Math.max(1, sparsity * x.length)));
      x = Minimizer.lineSearch(f, x, descent, step, 0.1, candidates);
    }
  }

  /** The g of length at most 1, and at most {@code bound} in the 1-norm, that has most of v. */
  static double[] solve(double[] v, double bound) {
    double low = 0;
    double high = 0;
    for (double value : v) {
      high = Math.max(high, Math.abs(value));
    }
    double[] g = unit(threshold(v, 0));
    if (norm1(g) <= bound || high == 0) {
      return g;
    }
    for (int i = 0; i < 60; i++) { // norm1 / norm2 falls with the threshold
      double middle = (low + high) / 2;
      if (norm1(unit(threshold(v, middle))) > bound) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return unit(threshold(v, high));
  }

  private static double[] threshold(double[] v, double by) {
    double[] g = new double[v.length];
    for (int c = 0; c < v.length; c++) {
      g[c] = Math.signum(v[c]) * Math.max(0, Math.abs(v[c]) - by);
    }
    return g;
  }

  private static double[] unit(double[] g) {
    double squares = 0;
    for (double value : g) {
      squares += value * value;
    }
    for (int c = 0; c < g.length && squares > 0; c++) {
      g[c] /= Math.sqrt(squares);
    }
    return g;
  }

  private static double norm1(double[] g) {
    double sum = 0;
    for (double value : g) {
      sum += Math.abs(value);
    }
    return sum;
  }
}

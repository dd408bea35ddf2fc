package org.tastemaker.examples.zo;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;

/**
 * CMA-ES with the covariance matrix's Cholesky factor (Krause, Arbones and Igel, "CMA-ES with
 * Optimal Covariance Update and Storage Complexity", NIPS 2016). With C = A A', A lower triangular,
 *
 * <pre>
 *   x_i = m + sigma A z_i,   z_i ~ N(0, I), i = 1, ..., lambda, sorted by f
 *   m  &lt;- m + sigma A zbar,   zbar = sum_{i &lt;= mu} w_i z_i
 *   p_s &lt;- (1 - c_s) p_s + sqrt(c_s (2 - c_s) mu_w) zbar
 *   p_c &lt;- (1 - c_c) p_c + h sqrt(c_c (2 - c_c) mu_w) A zbar
 *   C  &lt;- (1 - c_1 - c_mu + (1 - h) c_1 c_c (2 - c_c)) C + c_1 p_c p_c' + c_mu sum w_i (A z_i)(A z_i)'
 *   sigma &lt;- sigma exp(c_s / d_s (|p_s| / E|N(0, I)| - 1))
 * </pre>
 *
 * <p>The covariance is that of the standard method; the path p_s differs from it by a rotation,
 * which replaces the eigendecomposition of each generation by updates of A. All constants are the
 * defaults of Hansen, "The CMA Evolution Strategy: A Tutorial" (2016), table 1, without negative
 * weights.
 *
 * @param sigma the first step size
 */
record CmaEs(double sigma) implements Minimizer {
  @Override
  public void run(Evaluations f, float[] start, Seed seed) {
    int n = start.length;
    State s = new State(start, sigma);
    float[] draw = new float[n];
    for (int t = 0; f.allow(s.lambda); t++) {
      double[][] z = new double[s.lambda][];
      double[][] y = new double[s.lambda][]; // A z
      double[] values = new double[s.lambda];
      for (int i = 0; i < s.lambda; i++) {
        z[i] = ZoSgd.draw(seed.split(t), i, draw);
        y[i] = s.times(z[i]);
        float[] x = new float[n];
        for (int c = 0; c < n; c++) {
          x[c] = (float) (s.mean[c] + s.sigma * y[i][c]);
        }
        values[i] = f.at(x);
      }
      int[] order =
          IntStream.range(0, s.lambda)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> values[i]))
              .mapToInt(i -> i)
              .toArray();
      s.update(z, y, order);
    }
  }

  /** What is adapted. */
  static final class State {
    final int n;
    final int lambda;
    final double[] weights; // of the mu best, sum 1
    final double muW;
    final double cSigma;
    final double dSigma;
    final double cC;
    final double c1;
    final double cMu;
    final double expectedNorm;
    final double[] mean;
    final double[] pathSigma;
    final double[] pathC;
    final double[][] columns; // A by columns: columns[j][i], i >= j
    double sigma;
    int generation;

    State(float[] start, double sigma) {
      n = start.length;
      this.sigma = sigma;
      lambda = 4 + (int) Math.floor(3 * Math.log(n));
      weights = new double[lambda / 2];
      double sum = 0;
      for (int i = 0; i < weights.length; i++) {
        weights[i] = Math.log((lambda + 1) / 2.0) - Math.log(i + 1);
        sum += weights[i];
      }
      double squares = 0;
      for (int i = 0; i < weights.length; i++) {
        weights[i] /= sum;
        squares += weights[i] * weights[i];
      }
      muW = 1 / squares;
      cSigma = (muW + 2) / (n + muW + 5);
      dSigma = 1 + 2 * Math.max(0, Math.sqrt((muW - 1) / (n + 1)) - 1) + cSigma;
      cC = (4 + muW / n) / (n + 4 + 2 * muW / n);
      c1 = 2 / ((n + 1.3) * (n + 1.3) + muW);
      cMu = Math.min(1 - c1, 2 * (muW - 2 + 1 / muW) / ((n + 2.0) * (n + 2.0) + muW));
      expectedNorm = Math.sqrt(n) * (1 - 1 / (4.0 * n) + 1 / (21.0 * n * n));
      mean = new double[n];
      pathSigma = new double[n];
      pathC = new double[n];
      columns = new double[n][n];
      for (int c = 0; c < n; c++) {
        mean[c] = start[c];
        columns[c][c] = 1;
      }
    }

    /** A z. */
    double[] times(double[] z) {
      double[] y = new double[n];
      for (int j = 0; j < n; j++) {
        double[] column = columns[j];
        double factor = z[j];
        for (int i = j; i < n; i++) {
          y[i] += column[i] * factor;
        }
      }
      return y;
    }

    void update(double[][] z, double[][] y, int[] order) {
      generation++;
      double[] zMean = new double[n];
      double[] yMean = new double[n];
      for (int i = 0; i < weights.length; i++) {
        for (int c = 0; c < n; c++) {
          zMean[c] += weights[i] * z[order[i]][c];
          yMean[c] += weights[i] * y[order[i]][c];
        }
      }
      double squares = 0;
      for (int c = 0; c < n; c++) {
        mean[c] += sigma * yMean[c];
        pathSigma[c] =
            (1 - cSigma) * pathSigma[c] + Math.sqrt(cSigma * (2 - cSigma) * muW) * zMean[c];
        squares += pathSigma[c] * pathSigma[c];
      }
      double norm = Math.sqrt(squares);
      double whole = Math.sqrt(1 - Math.pow(1 - cSigma, 2.0 * generation));
      double h = norm / whole < (1.4 + 2 / (n + 1.0)) * expectedNorm ? 1 : 0;
      for (int c = 0; c < n; c++) {
        pathC[c] = (1 - cC) * pathC[c] + h * Math.sqrt(cC * (2 - cC) * muW) * yMean[c];
      }
      double keep = Math.sqrt(1 - c1 - cMu + (1 - h) * c1 * cC * (2 - cC));
      for (int j = 0; j < n; j++) {
        for (int i = j; i < n; i++) {
          columns[j][i] *= keep;
        }
      }
      addOuterProduct(columns, c1, pathC);
      for (int i = 0; i < weights.length; i++) {
        addOuterProduct(columns, cMu * weights[i], y[order[i]]);
      }
      sigma *= Math.exp(cSigma / dSigma * (norm / expectedNorm - 1));
    }
  }

  /** Turns the Cholesky factor of C, by columns, into that of C + factor v v'. */
  static void addOuterProduct(double[][] columns, double factor, double[] v) {
    int n = v.length;
    double[] w = Arrays.copyOf(v, n);
    for (int i = 0; i < n; i++) {
      w[i] *= Math.sqrt(factor);
    }
    for (int j = 0; j < n; j++) {
      double[] column = columns[j];
      double diagonal = Math.hypot(column[j], w[j]);
      double cosine = column[j] / diagonal;
      double sine = w[j] / diagonal;
      for (int i = j; i < n; i++) {
        double old = column[i];
        column[i] = cosine * old + sine * w[i];
        w[i] = cosine * w[i] - sine * old;
      }
    }
  }
}

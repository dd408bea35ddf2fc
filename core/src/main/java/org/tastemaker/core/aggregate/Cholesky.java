package org.tastemaker.core.aggregate;

/** The factor L of a small symmetric positive definite matrix, {@code A = L L^T}. */
final class Cholesky {
  private final double[][] l; // [n, n], lower

  Cholesky(double[][] a) {
    int n = a.length;
    l = new double[n][n];
    for (int j = 0; j < n; j++) {
      for (int i = j; i < n; i++) {
        double sum = a[i][j];
        for (int k = 0; k < j; k++) {
          sum -= l[i][k] * l[j][k];
        }
        if (i == j && !(sum > 0)) {
          throw new ArithmeticException(
              "the information matrix is not positive definite at item "
                  + j
                  + " (pivot "
                  + sum
                  + "): the comparisons do not determine its worth; give the fit a larger prior"
                  + " precision");
        }
        l[i][j] = i == j ? Math.sqrt(sum) : sum / l[j][j];
      }
    }
  }

  /** Solves {@code A x = b}. */
  double[] solve(double[] b) {
    int n = l.length;
    double[] x = b.clone();
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < i; k++) {
        x[i] -= l[i][k] * x[k];
      }
      x[i] /= l[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int k = i + 1; k < n; k++) {
        x[i] -= l[k][i] * x[k];
      }
      x[i] /= l[i][i];
    }
    return x;
  }

  /** The inverse of A. */
  double[][] inverse() {
    int n = l.length;
    double[][] inverse = new double[n][];
    for (int i = 0; i < n; i++) {
      double[] unit = new double[n];
      unit[i] = 1;
      inverse[i] = solve(unit);
    }
    return inverse;
  }
}

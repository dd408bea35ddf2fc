package org.tastemaker.examples.zo;

/** A function to minimize; the minimum is 0. */
enum TestFunction {
  /** sum x_i^2: as well conditioned as can be. */
  QUADRATIC("quadratic |x|^2"),

  /** sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2: a curved valley to (1, ..., 1). */
  ROSENBROCK("Rosenbrock");

  private final String title;

  TestFunction(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  double value(float[] x) {
    return switch (this) {
      case QUADRATIC -> quadratic(x);
      case ROSENBROCK -> rosenbrock(x);
    };
  }

  private static double quadratic(float[] x) {
    double sum = 0;
    for (float value : x) {
      sum += (double) value * value;
    }
    return sum;
  }

  private static double rosenbrock(float[] x) {
    double sum = 0;
    for (int i = 0; i + 1 < x.length; i++) {
      double bend = x[i + 1] - (double) x[i] * x[i];
      double rest = 1 - (double) x[i];
      sum += 100 * bend * bend + rest * rest;
    }
    return sum;
  }
}

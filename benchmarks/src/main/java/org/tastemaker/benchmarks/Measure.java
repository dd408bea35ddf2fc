package org.tastemaker.benchmarks;

import java.util.Locale;

/**
 * An error, and how large it may be.
 *
 * @param name of what is measured, such as {@code outputs}
 * @param error found
 * @param bound of it
 * @param where it was found, or empty
 */
record Measure(String name, double error, double bound, String where) {
  /** Whether the error is within its bound; NaN is not. */
  boolean holds() {
    return error <= bound;
  }

  /** The same measure where its error is larger; NaN is the largest. */
  Measure worst(Measure other) {
    return Double.isNaN(error) || other.error <= error ? this : other;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s %.1e (%.0e)", name, error, bound)
        + (holds() || where.isEmpty() ? "" : " at " + where);
  }
}

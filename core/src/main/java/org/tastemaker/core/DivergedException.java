package org.tastemaker.core;

/**
 * A training run has failed: a loss, a gradient or another of its numbers is NaN or infinite.
 *
 * <p>It is thrown where the number is found, with the step in its message, and nobody on the way
 * wraps it. Whoever throws it leaves the weights as they were before the step.
 */
public final class DivergedException extends ArithmeticException {
  private static final long serialVersionUID = 1;

  /**
   * A failure in a step.
   *
   * @param where the step, such as {@code "step 12"}
   * @param what which number is NaN or infinite, and what to do about it
   */
  public DivergedException(String where, String what) {
    super(where + ": " + what);
  }
}

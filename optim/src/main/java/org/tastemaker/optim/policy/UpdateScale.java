package org.tastemaker.optim.policy;

import java.util.function.DoubleSupplier;

/**
 * What a gradient's norm is to be compared with.
 *
 * @param elements how many numbers are trained
 * @param maxGradientNorm to which the norm is clipped
 * @param epsilon of Adam
 * @param latestRate the learning rate of the latest update
 */
record UpdateScale(
    long elements, double maxGradientNorm, double epsilon, DoubleSupplier latestRate) {

  /** Of the elements of a gradient of a norm, once it is clipped: what Adam sees. */
  double rootMeanSquare(double gradientNorm) {
    return Math.min(gradientNorm, maxGradientNorm) / Math.sqrt((double) elements);
  }
}

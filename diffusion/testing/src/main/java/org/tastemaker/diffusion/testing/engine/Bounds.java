package org.tastemaker.diffusion.testing.engine;

/**
 * How far an engine may be from the reference. An error is a norm relative to the norm of the
 * reference's array. In random graphs, where sums may nearly cancel, that norm counts as at least
 * that of an array of tenths.
 *
 * @param forward of each output
 * @param gradient of each gradient
 * @param zero the root of the mean square, at most, of an array that is exactly zero in the
 *     reference, such as the gradient of the queries where there is one key; inputs and cotangents
 *     are of size 1
 */
public record Bounds(double forward, double gradient, double zero) {
  /**
   * Of engines that compute in float32, as {@code replay} does, but sum in other orders. A sum of n
   * terms of random sign is off by about sqrt(n) units in the last place, 6e-8 each; the sums here
   * have up to a few thousand terms, and a few layers follow each other: 1e-5 forward. Gradients go
   * through twice as many layers, and those of normalizations are differences of nearly equal sums:
   * 1e-4. What is zero is zero.
   */
  public static final Bounds FLOAT32 = new Bounds(1e-5, 1e-4, 0);
}

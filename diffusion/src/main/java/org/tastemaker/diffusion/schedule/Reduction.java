package org.tastemaker.diffusion.schedule;

/** How the log-densities of an image's elements become the log-probability of the image. */
public enum Reduction {
  /**
   * Their mean, as ddpo-pytorch does; its clip range of 1e-4 is tuned to it. A step's true
   * probability ratio is the ratio of this to the power of the number of elements.
   */
  MEAN,
  /** Their sum: the log-density of the image. Ratios of it overflow where policies differ much. */
  SUM
}

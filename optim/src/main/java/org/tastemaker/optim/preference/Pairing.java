package org.tastemaker.optim.preference;

/** Which images of a prompt are compared with each other. */
public enum Pairing {
  /** One pair of each prompt: the image with the highest reward and the one with the lowest. */
  BEST_AGAINST_WORST,
  /** Every image with every other one: n (n - 1) / 2 pairs of n images. */
  ALL_PAIRS
}

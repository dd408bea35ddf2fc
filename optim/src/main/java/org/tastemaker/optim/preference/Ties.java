package org.tastemaker.optim.preference;

/** What becomes of two images with the same reward, or on the same place. */
public enum Ties {
  /** No pair, as the papers do. */
  DROPPED,
  /**
   * A pair with the probability one half: the mean of the losses of both orders, which holds the
   * two images' odds together.
   */
  KEPT
}

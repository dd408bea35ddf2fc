package org.tastemaker.optim.policy;

/** How the KL of a denoising step, from the policy to its reference, is computed. */
public enum KlForm {
  /** The Kullback-Leibler divergence of the two Gaussians. */
  EXACT,
  /**
   * The squared difference of the two outputs, without the step's coefficient: what the public code
   * of DPOK computes.
   */
  UNWEIGHTED
}

package org.tastemaker.optim.policy;

/**
 * What an advantage is divided by, after the mean of its prompt's rewards was subtracted. The
 * methods differ in it.
 */
public enum Deviation {
  /** Of the prompt's rewards, as of a population: Flow-GRPO's option. */
  GROUP,
  /** Of the prompt's rewards, unbiased: DanceGRPO's. */
  GROUP_UNBIASED,
  /** Of all rewards of the round, as of a population: the presets of Flow-GRPO. */
  BATCH,
  /** Of all rewards of the round, unbiased: verl-omni's. */
  BATCH_UNBIASED,
  /**
   * Nothing: Dr. GRPO (Liu et al., "Understanding R1-Zero-Like Training", 2025), which does not
   * weigh prompts up whose images are nearly alike.
   */
  NONE;

  boolean isOfGroup() {
    return this == GROUP || this == GROUP_UNBIASED;
  }

  boolean isUnbiased() {
    return this == GROUP_UNBIASED || this == BATCH_UNBIASED;
  }
}

package org.tastemaker.optim.grpo;

/** How a step is kept near the policy that sampled it. */
public enum Objective {
  /** PPO's clipped ratio, as GRPO has it: DanceGRPO, Flow-GRPO. */
  CLIPPED,
  /** The same on a ratio whose bias and scale are taken out: GRPO-Guard. */
  GUARDED,
  /** No clipping: a step that is too far away, and would go further, is left out: Flow-DPPO. */
  MASKED
}

package org.tastemaker.optim.zo;

/** Which weights the items of an answer get. */
public enum RankWeights {
  /** The net degrees of the preference graph: m - 1 - 2r, and -k. */
  EXACT,
  /** What the paper's public code computes: m - 2r, and -k. */
  PUBLISHED_CODE
}

package org.tastemaker.reward.learned;

/**
 * How accuracy counts a pair with equal scores. (A pair that the judge considers equal has no right
 * answer and is never counted.)
 */
public enum TiePolicy {
  /** It counts as wrong, as in ImageReward's evaluation. */
  WRONG,
  /** It counts as half right. */
  HALF,
  /** It counts as right, as in HPS v2's evaluation. */
  RIGHT,
  /** It is not counted. */
  SKIP
}

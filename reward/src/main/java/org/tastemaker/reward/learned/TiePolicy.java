package org.tastemaker.reward.learned;

/**
 * What becomes of a pair to which a reward gives equal scores when accuracy is measured. (A pair
 * that the judge calls equal has no right answer and is never counted.)
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

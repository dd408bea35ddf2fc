package org.tastemaker.feedback.study;

import java.util.Optional;
import java.util.Set;

/**
 * Whose verdicts a study compares with people's: a judge's {@linkplain DatasetVerdicts dataset}, a
 * {@linkplain ScoreVerdicts function of scores}, or {@linkplain VoteVerdicts other people's votes}.
 */
public interface Verdicts {
  /**
   * Whose they are.
   *
   * @return for tables
   */
  String name();

  /**
   * What is said about a group.
   *
   * @param group the images and people's votes, which must not be looked at
   * @return empty where nobody was asked
   */
  Optional<GroupVerdict> of(VotedGroup group);

  /**
   * By which criteria there are verdicts, besides that overall.
   *
   * @return names
   */
  default Set<String> criteria() {
    return Set.of();
  }
}

package org.tastemaker.feedback.votes;

import java.util.Objects;

/**
 * A person's answer about the images of a row.
 *
 * @param annotator who it was, by a pseudonym; empty where not known
 * @param dimension what was asked for, such as {@code fidelity}; {@link #OVERALL} for which image
 *     is better as a whole
 * @param answer what the person said
 */
public record RowVote(String annotator, String dimension, Answer answer) {
  /** The dimension of votes about the whole image. */
  public static final String OVERALL = "";

  public RowVote {
    Objects.requireNonNull(annotator, "annotator == null: use \"\" for unknown");
    Objects.requireNonNull(dimension, "dimension == null: use \"\" for overall");
    Objects.requireNonNull(answer, "answer == null: leave out a vote that was not given");
  }

  /**
   * A choice between the two images of a pair.
   *
   * @param annotator who it was; empty where not known
   * @param outcome which is better
   * @return the vote
   */
  public static RowVote pick(String annotator, Answer.Outcome outcome) {
    return new RowVote(annotator, OVERALL, new Answer.Pick(0, 1, outcome));
  }
}

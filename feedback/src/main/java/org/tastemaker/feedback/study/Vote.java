package org.tastemaker.feedback.study;

import java.util.Objects;
import org.tastemaker.feedback.agreement.Choice;

/**
 * One person's choice between two images.
 *
 * @param choice what the person chose
 * @param annotator who it was, by a pseudonym; empty where not known
 * @param bothBad whether the person found that neither image is what was asked for; the choice is
 *     then a tie
 */
public record Vote(Choice choice, String annotator, boolean bothBad) {
  /**
   * Checks that both bad is a tie.
   *
   * @param choice as above
   * @param annotator as above
   * @param bothBad as above
   */
  public Vote {
    Objects.requireNonNull(choice, "choice == null: leave out a vote that was not given");
    Objects.requireNonNull(annotator, "annotator == null: use \"\" for unknown");
    if (bothBad && choice != Choice.TIE) {
      throw new IllegalArgumentException("both bad is a tie, but the choice was " + choice);
    }
  }

  /**
   * A vote that is not both bad.
   *
   * @param choice what the person chose
   * @param annotator who it was, by a pseudonym; empty where not known
   */
  public Vote(Choice choice, String annotator) {
    this(choice, annotator, false);
  }

  /**
   * A vote of an unknown person.
   *
   * @param choice what the person chose
   * @return the vote
   */
  public static Vote of(Choice choice) {
    return new Vote(choice, "");
  }

  /** The same vote with the images exchanged. */
  Vote swapped() {
    return new Vote(choice.swapped(), annotator, bothBad);
  }
}

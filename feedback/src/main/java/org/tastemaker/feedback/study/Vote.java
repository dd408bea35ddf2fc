package org.tastemaker.feedback.study;

import java.util.Objects;
import org.tastemaker.feedback.agreement.Choice;

/**
 * One person's choice between two images.
 *
 * @param choice what the person chose
 * @param annotator who it was, by a pseudonym; empty where not known
 */
public record Vote(Choice choice, String annotator) {
  public Vote {
    Objects.requireNonNull(choice, "choice == null: leave out a vote that was not given");
    Objects.requireNonNull(annotator, "annotator == null: use \"\" for unknown");
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
}

package org.tastemaker.human.desk;

import java.time.Instant;
import java.util.List;

/**
 * A question in the hands of one person.
 *
 * @param id of the assignment, letters and digits
 * @param question the id of the question
 * @param person a pseudonym
 * @param shown the question's images in the order in which the person sees them
 * @param check whether the answer counts, or only says how attentive the person is
 * @param time when it was handed out
 */
public record Assignment(
    String id, String question, String person, List<Integer> shown, Check check, Instant time) {
  /** Why something is asked. */
  public enum Check {
    /** The answer counts. */
    NONE,
    /** The person has answered it before, with the images in the same places. */
    REPEATED,
    /** The person has answered it before, with the sides exchanged. */
    SWAPPED,
    /** The right answer is known. */
    KNOWN
  }

  public Assignment {
    shown = List.copyOf(shown);
  }
}

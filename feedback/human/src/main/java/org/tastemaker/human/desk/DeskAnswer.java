package org.tastemaker.human.desk;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.core.Ranking;

/**
 * What a person answered.
 *
 * @param id of the click, drawn by the page: at most 100 letters, digits, {@code -} and {@code _}
 * @param assignment what was answered
 * @param kind what was said
 * @param order of the question's images, complete; empty where the person ranked nothing
 * @param time when
 * @param millis since it was shown, as the page says; at least 0
 */
public record DeskAnswer(
    String id,
    Assignment assignment,
    Kind kind,
    Optional<Ranking> order,
    Instant time,
    long millis) {
  /** What can be said. */
  public enum Kind {
    /** An order. */
    RANKED,
    /** None of the images is what was asked for. */
    NONE,
    /** The person did not want to say anything. */
    SKIP
  }

  public DeskAnswer {
    Objects.requireNonNull(kind, "kind == null");
    if (!id.matches("[A-Za-z0-9_-]{1,100}")) {
      throw new IllegalArgumentException("the id of a click has 1 to 100 letters, digits, - and _");
    }
    if ((kind == Kind.RANKED) != order.isPresent() || millis < 0) {
      throw new IllegalArgumentException(
          "who ranks gives an order, and nobody else, in 0 ms or more, but "
              + kind
              + " came with "
              + order
              + " in "
              + millis
              + " ms");
    }
  }

  /** Whether it counts for its question: an opinion, and no check. */
  boolean counts() {
    return kind != Kind.SKIP && assignment.check() == Assignment.Check.NONE;
  }
}

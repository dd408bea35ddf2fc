package org.tastemaker.human.review;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.core.Ranking;

/**
 * What a person said about a judge's verdict.
 *
 * @param id of the click, drawn by the page: at most 100 letters, digits, {@code -} and {@code _}
 * @param person a pseudonym
 * @param group the id of the group that was judged
 * @param kind what was said
 * @param order of the group's images by the person: the judge's own where it was confirmed; empty
 *     where the person gave none
 * @param criteria of the rubric, by name: whether the judge's order by it is right; those that the
 *     person said nothing about are left out
 * @param shown the group's images in the order in which the person saw them
 * @param time when it was said
 * @param millis since the verdict was shown, as the page says
 */
public record Review(
    String id,
    String person,
    String group,
    Kind kind,
    Optional<Ranking> order,
    Map<String, Boolean> criteria,
    List<Integer> shown,
    Instant time,
    long millis) {
  /** What can be said about a verdict. */
  public enum Kind {
    /** It is right. */
    CONFIRMED,
    /** Another order is right. */
    OVERRULED,
    /** The person cannot say. */
    UNSURE,
    /** The person did not want to say anything. */
    SKIPPED
  }

  /**
   * Checks that an order is there where one was given.
   *
   * @param id as above
   * @param person as above
   * @param group as above
   * @param kind as above
   * @param order as above
   * @param criteria as above
   * @param shown as above
   * @param time as above
   * @param millis as above
   */
  public Review {
    if (!id.matches("[A-Za-z0-9_-]{1,100}")) {
      throw new IllegalArgumentException(
          "the id of a click has 1 to 100 letters, digits, - and _, but was '"
              + id.substring(0, Math.min(100, id.length()))
              + "'");
    }
    Objects.requireNonNull(person, "person == null");
    Objects.requireNonNull(group, "group == null");
    Objects.requireNonNull(kind, "kind == null");
    Objects.requireNonNull(time, "time == null");
    criteria = Map.copyOf(criteria);
    shown = List.copyOf(shown);
    boolean opinion = kind == Kind.CONFIRMED || kind == Kind.OVERRULED;
    if (opinion != order.isPresent() || (opinion && order.get().size() != shown.size())) {
      throw new IllegalArgumentException(
          "who confirms or overrules says an order of all images, and nobody else does, but "
              + kind
              + " came with "
              + order
              + " of "
              + shown.size()
              + " images");
    }
    if (millis < 0) {
      throw new IllegalArgumentException("millis must be at least 0, but was " + millis);
    }
  }

  /**
   * Whether the person has an opinion: not where they cannot say, or skipped.
   *
   * @return true if there is an order
   */
  public boolean isOpinion() {
    return order.isPresent();
  }
}

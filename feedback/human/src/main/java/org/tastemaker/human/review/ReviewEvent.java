package org.tastemaker.human.review;

import java.time.Instant;

/** What happens in a review, one line of its log each. */
sealed interface ReviewEvent permits ReviewEvent.Given, ReviewEvent.Said, ReviewEvent.Undone {
  /**
   * A verdict was shown to a person.
   *
   * @param person who saw it
   * @param group the id of the group that was judged
   * @param time when
   */
  record Given(String person, String group, Instant time) implements ReviewEvent {}

  /**
   * A person said something about a verdict.
   *
   * @param review what
   */
  record Said(Review review) implements ReviewEvent {}

  /**
   * A person took something back.
   *
   * @param id of this click
   * @param person who clicked
   * @param undoes the {@link Review#id} of what is taken back
   * @param time when
   */
  record Undone(String id, String person, String undoes, Instant time) implements ReviewEvent {}
}

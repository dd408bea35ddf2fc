package org.tastemaker.feedback.agreement;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A pair of images that people and a judge saw.
 *
 * @param prompt of both images
 * @param people what people chose
 * @param orders in which the judge was asked
 * @param forward what the judge chose with the first image shown first; empty where it did not
 *     answer, or was not asked
 * @param backward what it chose with the second image shown first, as a choice between the same
 *     two: FIRST is still the first image; empty as above
 */
public record PairRow(
    String prompt,
    Choice people,
    Orders orders,
    Optional<Choice> forward,
    Optional<Choice> backward) {
  /** In which orders a pair was shown. */
  public enum Orders {
    /** The first image first. */
    FORWARD,
    /** The second image first. */
    BACKWARD,
    /** Both, in two questions. */
    BOTH
  }

  /**
   * Checks that nothing was answered that was not asked.
   *
   * @param prompt as above
   * @param people as above
   * @param orders as above
   * @param forward as above
   * @param backward as above
   */
  public PairRow {
    Objects.requireNonNull(prompt, "prompt == null");
    Objects.requireNonNull(people, "people == null: leave out a pair that no one judged");
    boolean unasked =
        (orders == Orders.FORWARD && backward.isPresent())
            || (orders == Orders.BACKWARD && forward.isPresent());
    if (unasked) {
      throw new IllegalArgumentException(
          "the judge was asked " + orders + ", but answered " + forward + " and " + backward);
    }
  }

  /**
   * A pair that the judge saw in both orders.
   *
   * @param prompt of both images
   * @param people what people chose
   * @param forward as above
   * @param backward as above
   * @return the row
   */
  public static PairRow both(
      String prompt, Choice people, Optional<Choice> forward, Optional<Choice> backward) {
    return new PairRow(prompt, people, Orders.BOTH, forward, backward);
  }

  /**
   * The judge's verdict. Where two orders give different choices, the judge saw a side and not a
   * better image.
   *
   * @return what was answered in all orders that were asked, a tie where they differ; empty where
   *     an answer is missing
   */
  public Optional<Choice> verdict() {
    return switch (orders) {
      case FORWARD -> forward;
      case BACKWARD -> backward;
      case BOTH -> forward.flatMap(one -> backward.map(other -> one == other ? one : Choice.TIE));
    };
  }

  /** The answers that are there. */
  List<Choice> answers() {
    List<Choice> answers = new ArrayList<>(2);
    forward.ifPresent(answers::add);
    backward.ifPresent(answers::add);
    return answers;
  }

  /** The same as choices of a side: FIRST is the image shown first. */
  List<Choice> sides() {
    List<Choice> sides = new ArrayList<>(2);
    forward.ifPresent(sides::add);
    backward.map(Choice::swapped).ifPresent(sides::add);
    return sides;
  }
}

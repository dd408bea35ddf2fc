package org.tastemaker.feedback.study;

import java.util.Optional;
import java.util.OptionalInt;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.agreement.Choice;

/** What an order says about two items. */
final class Orders {
  private Orders() {}

  /** Empty where one of them has no place. */
  static Optional<Choice> choice(Ranking order, int first, int second) {
    OptionalInt one = order.rank(first);
    OptionalInt other = order.rank(second);
    return one.isEmpty() || other.isEmpty()
        ? Optional.empty()
        : Optional.of(Choice.ofScores(-one.getAsInt(), -other.getAsInt(), 0));
  }
}

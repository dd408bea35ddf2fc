package org.tastemaker.feedback.votes;

import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Ranking;

/** Places of images, as data sets write them: the best has the lowest number. */
final class Ranks {
  private Ranks() {}

  /**
   * An order.
   *
   * @param places one for each image; empty where it has none
   * @param size how many images there are
   * @throws IllegalArgumentException if there are more or fewer
   */
  static Answer.Order order(List<OptionalDouble> places, int size, Fields record) {
    if (places.size() != size) {
      throw new IllegalArgumentException(
          record.where()
              + ": there must be a rank for each of the "
              + size
              + " images, but there are "
              + places.size());
    }
    return new Answer.Order(
        Ranking.ofScores(
            places.stream()
                .map(p -> p.isPresent() ? OptionalDouble.of(-p.getAsDouble()) : p)
                .toList()));
  }
}

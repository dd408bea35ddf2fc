package org.tastemaker.feedback.protocol;

import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Ranking;

/**
 * What a single question was answered, before answers became a judgement.
 *
 * @param shown the items in the order shown
 * @param order of the group's items by this answer; none has a place where there is no answer
 * @param firstIsBetter for a soft answer about a pair, the probability that the item shown first is
 *     better
 * @param scores for an answer in numbers, one for each of {@code shown}, empty where missing;
 *     otherwise an empty list
 */
public record RecordedAnswer(
    List<Integer> shown, Ranking order, OptionalDouble firstIsBetter, List<OptionalDouble> scores) {
  public RecordedAnswer {
    shown = List.copyOf(shown);
    scores = List.copyOf(scores);
  }

  /**
   * Whether the question was answered.
   *
   * @return false where it failed or was refused
   */
  public boolean isAnswered() {
    return !order.isEmpty();
  }
}

package org.tastemaker.feedback.study;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.protocol.RecordedAnswer;

/**
 * What a judge says about a group by one criterion, or overall.
 *
 * @param order of the images
 * @param choices about pairs where they are no order, as votes of people; by the smaller and the
 *     larger index, as {@code "0,1"}. Otherwise empty
 * @param scores one for each image where the judge gives scores, otherwise an empty list
 * @param probabilities soft preferences between pairs, perhaps several about one
 * @param answers to single questions; empty where they are not known
 */
public record Opinion(
    Ranking order,
    Map<String, Choice> choices,
    List<OptionalDouble> scores,
    List<Preference> probabilities,
    Optional<List<RecordedAnswer>> answers) {
  public Opinion {
    Objects.requireNonNull(order, "order == null");
    Objects.requireNonNull(answers, "answers == null");
    choices = Map.copyOf(choices);
    scores = List.copyOf(scores);
    probabilities = List.copyOf(probabilities);
    answers = answers.map(List::copyOf);
  }

  /**
   * The verdict about a pair.
   *
   * @param first index of an image
   * @param second of another
   * @return empty where there is none
   */
  public Optional<Choice> choice(int first, int second) {
    return choices.isEmpty()
        ? Orders.choice(order, first, second)
        : first > second
            ? choice(second, first).map(Choice::swapped)
            : Optional.ofNullable(choices.get(first + "," + second));
  }

  /**
   * The mean probability that the first of two is better.
   *
   * @param first index of an image
   * @param second of another
   * @return empty where there is none
   */
  public OptionalDouble probability(int first, int second) {
    return probabilities.stream()
        .map(p -> p.first() == second && p.second() == first ? p.reversed() : p)
        .filter(p -> p.first() == first && p.second() == second)
        .mapToDouble(Preference::probability)
        .average();
  }

  /** A score of an image for correlations; NaN where it has none. */
  double scoreOf(int image) {
    if (!scores.isEmpty()) {
      return scores.get(image).orElse(Double.NaN);
    }
    return order.rank(image).isPresent() ? -order.rank(image).getAsInt() : Double.NaN;
  }

  /** The answers about a pair of distinct images that were shown in one order. */
  List<Choice> answered(int first, int second, boolean firstShownFirst) {
    return answers.orElse(List.of()).stream()
        .filter(
            answer -> {
              int one = answer.shown().indexOf(first);
              int other = answer.shown().indexOf(second);
              return one >= 0 && other >= 0 && (one < other) == firstShownFirst;
            })
        .flatMap(answer -> Orders.choice(answer.order(), first, second).stream())
        .toList();
  }
}

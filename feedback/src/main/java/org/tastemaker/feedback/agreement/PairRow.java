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
 * @param verdict what the judge says about the pair in the end; empty where it has none
 * @param forward what it answered each time the first image was shown first
 * @param backward what it answered each time the second image was shown first, as choices between
 *     the same two: FIRST is still the first image
 */
public record PairRow(
    String prompt,
    Choice people,
    Optional<Choice> verdict,
    List<Choice> forward,
    List<Choice> backward) {
  /**
   * Checks and copies.
   *
   * @param prompt as above
   * @param people as above
   * @param verdict as above
   * @param forward as above
   * @param backward as above
   */
  public PairRow {
    Objects.requireNonNull(prompt, "prompt == null");
    Objects.requireNonNull(people, "people == null: leave out a pair that no one judged");
    Objects.requireNonNull(verdict, "verdict == null");
    forward = List.copyOf(forward);
    backward = List.copyOf(backward);
  }

  /**
   * A pair about which the judge was asked once in each order. Where the answers differ, the judge
   * saw a side and not a better image: its verdict is a tie. Where one is missing, it has none.
   *
   * @param prompt of both images
   * @param people what people chose
   * @param forward the answer with the first image first; empty where it is missing
   * @param backward the other, as a choice between the same two
   * @return the row
   */
  public static PairRow both(
      String prompt, Choice people, Optional<Choice> forward, Optional<Choice> backward) {
    Optional<Choice> verdict =
        forward.flatMap(one -> backward.map(other -> one == other ? one : Choice.TIE));
    return new PairRow(
        prompt, people, verdict, forward.stream().toList(), backward.stream().toList());
  }

  /**
   * A pair about which only the verdict is known.
   *
   * @param prompt of both images
   * @param people what people chose
   * @param verdict the judge's; empty where it has none
   * @return the row
   */
  public static PairRow of(String prompt, Choice people, Optional<Choice> verdict) {
    return new PairRow(prompt, people, verdict, List.of(), List.of());
  }

  /** The answers that are there. */
  List<Choice> answers() {
    List<Choice> answers = new ArrayList<>(forward);
    answers.addAll(backward);
    return answers;
  }

  /** The same as choices of a side: FIRST is the image shown first. */
  List<Choice> sides() {
    List<Choice> sides = new ArrayList<>(forward);
    backward.forEach(choice -> sides.add(choice.swapped()));
    return sides;
  }
}

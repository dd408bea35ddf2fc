package org.tastemaker.core.aggregate;

import java.util.Locale;
import java.util.Objects;

/**
 * What a rater says about two items.
 *
 * @param rater who says it: a person's pseudonym, a model's name
 * @param first index of an item
 * @param second index of another
 * @param probability that the first is better, in [0, 1]; 0.5 for a tie
 */
public record RaterVote(String rater, int first, int second, double probability) {
  public RaterVote {
    Objects.requireNonNull(rater, "rater == null");
    if (first < 0 || second < 0 || first == second || !(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a vote is about two different items of index 0 or more with a probability in [0, 1],"
                  + " but that of '%s' is about %d and %d with %s",
              rater,
              first,
              second,
              probability));
    }
  }
}

package org.tastemaker.feedback.study;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.tastemaker.feedback.agreement.Choice;

/**
 * People's votes about two images of a group.
 *
 * @param first index of an image; after construction the smaller of the two
 * @param second index of another image
 * @param criterion what people were asked to look at; empty for which image is better overall
 * @param votes one for each person; FIRST is the image {@code first}. May be empty
 */
public record VotedPair(int first, int second, String criterion, List<Vote> votes) {
  /** The criterion of votes about which image is better overall. */
  public static final String OVERALL = "";

  /**
   * Checks the indices, and puts the smaller one first.
   *
   * @param first as above
   * @param second as above
   * @param criterion as above
   * @param votes as above
   */
  public VotedPair {
    Objects.requireNonNull(criterion, "criterion == null: use \"\" for overall");
    if (first < 0 || second < 0 || first == second) {
      throw new IllegalArgumentException(
          "a pair is of two different images of index 0 or more, but was of "
              + first
              + " and "
              + second);
    }
    if (first > second) {
      int smaller = second;
      second = first;
      first = smaller;
      votes = votes.stream().map(Vote::swapped).toList();
    }
    votes = List.copyOf(votes);
  }

  /**
   * The share of votes for the first image; a tie is half a vote for either.
   *
   * @return in [0, 1]
   * @throws IllegalStateException if there is no vote
   */
  public double shareOfFirst() {
    return votes.stream()
        .mapToDouble(
            vote -> vote.choice() == Choice.FIRST ? 1 : vote.choice() == Choice.TIE ? 0.5 : 0)
        .average()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    String.format(Locale.ROOT, "pair %d, %d has no vote", first, second)));
  }

  List<Choice> choices() {
    return votes.stream().map(Vote::choice).toList();
  }
}

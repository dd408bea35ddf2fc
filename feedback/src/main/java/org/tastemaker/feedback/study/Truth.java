package org.tastemaker.feedback.study;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.feedback.agreement.Choice;

/**
 * How people's votes become what people chose.
 *
 * @param over the share of votes that a choice must have more than, in [0.5, 1); where none has, it
 *     is a tie. Votes for a tie count as votes
 * @param fewestVotes a pair with fewer takes no part, and is counted as missing; at least 1
 */
public record Truth(double over, int fewestVotes) {
  /**
   * Checks both.
   *
   * @param over as above
   * @param fewestVotes as above
   */
  public Truth {
    if (!(over >= 0.5 && over < 1) || fewestVotes < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a majority is over a share in [0.5, 1) of at least 1 vote, but was over %s of %d",
              over,
              fewestVotes));
    }
  }

  /**
   * More than half of the votes, however few.
   *
   * @return the usual
   */
  public static Truth majority() {
    return new Truth(0.5, 1);
  }

  /**
   * What people chose.
   *
   * @param votes about a pair
   * @return a tie where no choice has the majority; empty where there are too few votes
   */
  public Optional<Choice> of(List<Vote> votes) {
    if (votes.size() < fewestVotes) {
      return Optional.empty();
    }
    for (Choice choice : Choice.values()) {
      long own = votes.stream().filter(vote -> vote.choice() == choice).count();
      if (own > over * votes.size()) {
        return Optional.of(choice);
      }
    }
    return Optional.of(Choice.TIE);
  }
}

package org.tastemaker.feedback.votes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The overall votes about two images of a row, counted.
 *
 * @param first index of an image
 * @param second index of another, higher
 * @param forFirst votes for the first
 * @param forSecond votes for the second
 * @param undecided ties, and both bad
 */
record PairCounts(int first, int second, int forFirst, int forSecond, int undecided) {
  static List<PairCounts> of(VotedRow row) {
    Map<List<Integer>, int[]> counts = new LinkedHashMap<>();
    for (RowVote vote : row.votes()) {
      if (vote.dimension().equals(RowVote.OVERALL)) {
        for (Answer.Pick pick : RowPairs.picks(vote.answer())) {
          boolean ascending = pick.first() < pick.second();
          Answer.Outcome outcome = ascending ? pick.outcome() : pick.outcome().swapped();
          int low = Math.min(pick.first(), pick.second());
          int high = Math.max(pick.first(), pick.second());
          int column =
              outcome == Answer.Outcome.FIRST ? 0 : outcome == Answer.Outcome.SECOND ? 1 : 2;
          counts.computeIfAbsent(List.of(low, high), unused -> new int[3])[column]++;
        }
      }
    }
    List<PairCounts> pairs = new ArrayList<>();
    counts.forEach(
        (pair, n) -> pairs.add(new PairCounts(pair.get(0), pair.get(1), n[0], n[1], n[2])));
    return pairs;
  }
}

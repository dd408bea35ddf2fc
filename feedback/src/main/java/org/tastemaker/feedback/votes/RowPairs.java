package org.tastemaker.feedback.votes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.HumanCeiling;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedPair;

/** The votes of a row as choices between two images. */
public final class RowPairs {
  private RowPairs() {}

  /**
   * All pairs about which somebody said something.
   *
   * @param row any
   * @return each pair once by each dimension, which is its criterion; both bad is a tie
   */
  public static List<VotedPair> of(VotedRow row) {
    Map<List<Object>, List<Vote>> votes = new LinkedHashMap<>();
    for (RowVote vote : row.votes()) {
      for (Answer.Pick pick : picks(vote.answer())) {
        boolean ascending = pick.first() < pick.second();
        List<Object> pair =
            List.of(
                vote.dimension(),
                Math.min(pick.first(), pick.second()),
                Math.max(pick.first(), pick.second()));
        Choice choice =
            switch (pick.outcome()) {
              case FIRST -> Choice.FIRST;
              case SECOND -> Choice.SECOND;
              case TIE, BOTH_BAD -> Choice.TIE;
            };
        votes
            .computeIfAbsent(pair, unused -> new ArrayList<>())
            .add(
                new Vote(
                    ascending ? choice : choice.swapped(),
                    vote.annotator(),
                    pick.outcome() == Answer.Outcome.BOTH_BAD));
      }
    }
    List<VotedPair> pairs = new ArrayList<>();
    votes.forEach(
        (pair, own) ->
            pairs.add(
                new VotedPair(
                    (Integer) pair.get(1), (Integer) pair.get(2), (String) pair.get(0), own)));
    return pairs;
  }

  /**
   * The votes as they are needed for {@link HumanCeiling}: how far people agree among themselves.
   *
   * @param row any
   * @param dimension of the votes
   * @return one for each pair
   */
  public static List<HumanCeiling.Votes> ceiling(VotedRow row, String dimension) {
    return of(row).stream()
        .filter(pair -> pair.criterion().equals(dimension))
        .map(
            pair ->
                new HumanCeiling.Votes(
                    row.prompt(), pair.votes().stream().map(Vote::choice).toList()))
        .toList();
  }

  /** An answer as choices; of an order, between all images that have a place. */
  static List<Answer.Pick> picks(Answer answer) {
    if (answer instanceof Answer.Pick pick) {
      return List.of(pick);
    }
    Ranking ranking =
        answer instanceof Answer.Order order
            ? order.ranking()
            : Ranking.ofScores(((Answer.Scores) answer).scores());
    List<OptionalInt> places = ranking.ranks();
    List<Answer.Pick> picks = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      for (int j = i + 1; j < places.size(); j++) {
        if (places.get(i).isPresent() && places.get(j).isPresent()) {
          int order = Integer.compare(places.get(i).getAsInt(), places.get(j).getAsInt());
          Answer.Outcome outcome =
              order == 0
                  ? Answer.Outcome.TIE
                  : order < 0 ? Answer.Outcome.FIRST : Answer.Outcome.SECOND;
          picks.add(new Answer.Pick(i, j, outcome));
        }
      }
    }
    return picks;
  }
}

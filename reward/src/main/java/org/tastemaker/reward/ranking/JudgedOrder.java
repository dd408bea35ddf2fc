package org.tastemaker.reward.ranking;

import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.Ballots;

/**
 * Which of a judgement's orders is used: the overall order, or the order by one criterion.
 *
 * @param criterion its name in the rubric, or null for the overall order
 * @param soft whether recorded probabilities of pairs are taken where there are some
 */
record JudgedOrder(@Nullable String criterion, boolean soft) {
  static final JudgedOrder OVERALL = new JudgedOrder(null, false);
  static final JudgedOrder SOFT = new JudgedOrder(null, true);

  static JudgedOrder by(String criterion) {
    return new JudgedOrder(Objects.requireNonNull(criterion, "criterion == null"), false);
  }

  /** Empty if the judge gave no order by this criterion. */
  Ranking of(Judgement judgement) {
    if (criterion == null) {
      return judgement.ranking();
    }
    Ranking order = judgement.byCriterion().get(criterion);
    return order == null ? Ranking.none(judgement.ranking().size()) : order;
  }

  /** The comparisons of pairs. */
  Ballots ballots(Judgement judgement) {
    return soft ? Ballots.ofSoft(judgement) : Ballots.ofRankings(List.of(of(judgement)));
  }

  /** If no judgement has the criterion, its name is wrong, rather than an answer missing. */
  void requireKnown(List<Judgement> judgements) {
    TreeSet<String> known = new TreeSet<>();
    boolean judged = false;
    for (Judgement judgement : judgements) {
      judged |= !judgement.isMissing();
      known.addAll(judgement.byCriterion().keySet());
    }
    if (criterion != null && judged && !known.contains(criterion)) {
      throw new IllegalArgumentException(
          "no judgement has an order by the criterion '"
              + criterion
              + "'; there are orders by "
              + (known.isEmpty() ? "no criterion at all" : known));
    }
  }
}

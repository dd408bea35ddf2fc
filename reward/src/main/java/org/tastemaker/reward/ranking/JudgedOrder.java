package org.tastemaker.reward.ranking;

import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;

/**
 * Which of a judgement's orders is used: the overall order, or the order by one criterion.
 *
 * @param criterion its name in the rubric, or null for the overall order
 */
record JudgedOrder(@Nullable String criterion) {
  static final JudgedOrder OVERALL = new JudgedOrder(null);

  static JudgedOrder by(String criterion) {
    return new JudgedOrder(Objects.requireNonNull(criterion, "criterion == null"));
  }

  /** Empty if the judge gave no order by this criterion. */
  Ranking of(Judgement judgement) {
    if (criterion == null) {
      return judgement.ranking();
    }
    Ranking order = judgement.byCriterion().get(criterion);
    return order == null ? Ranking.none(judgement.ranking().size()) : order;
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

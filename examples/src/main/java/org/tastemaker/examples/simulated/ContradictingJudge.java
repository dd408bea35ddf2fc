package org.tastemaker.examples.simulated;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * A judge that turns some of its answers round: the best image is named the worst, and so on. Asked
 * again, or in the other order, it draws again; so a judge without other faults contradicts itself
 * with probability {@code 2 rate (1 - rate)}.
 */
final class ContradictingJudge implements Judge {
  private final Judge judge;
  private final double rate;
  private final Seed seed;

  ContradictingJudge(Judge judge, double rate, Seed seed) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new IllegalArgumentException("a rate is in [0, 1], but was " + rate);
    }
    this.judge = judge;
    this.rate = rate;
    this.seed = seed;
  }

  @Override
  public String name() {
    return judge.name();
  }

  @Override
  public Verdict ask(Question question) {
    Verdict verdict = judge.ask(question);
    long key = Long.parseUnsignedLong(question.id().substring(0, 16), 16);
    if (seed.split(key).generator().nextDouble() >= rate) {
      return verdict;
    }
    return new Verdict(
        turned(verdict.overall(), question),
        Map.of(),
        verdict.rationale(),
        verdict.usage(),
        verdict.model(),
        verdict.cached());
  }

  private static Verdict.Answer turned(Verdict.Answer answer, Question question) {
    Question.Scale scale = question.scale();
    if (scale != null) {
      List<OptionalDouble> scores = new ArrayList<>();
      for (OptionalDouble score : answer.scores()) {
        scores.add(
            score.isEmpty()
                ? score
                : OptionalDouble.of(scale.min() + scale.max() - score.getAsDouble()));
      }
      return Verdict.Answer.ofScores(scores);
    }
    if (answer.firstIsBetter().isPresent()) {
      return Verdict.Answer.soft(1 - answer.firstIsBetter().getAsDouble());
    }
    List<List<Integer>> tiers = new ArrayList<>(answer.order().tiers());
    Collections.reverse(tiers);
    return Verdict.Answer.of(Ranking.ofTiers(answer.order().size(), tiers));
  }
}

package org.tastemaker.feedback.calibration;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.feedback.protocol.RecordedAnswer;

/**
 * What a judge's answers say about two images, in logits.
 *
 * <p>An answer that the image shown first is better with probability p has the logit x = ln(p / (1
 * - p)). An answer without a probability is one vote: by the rule (votes + 1/2) / (n + 1) for n = 1
 * it stands for 3/4, and a tie for 1/2.
 *
 * @param first index of an image
 * @param second a larger one
 * @param sum of x where {@code first} was shown first, and of -x where it was shown second
 * @param order how often it was shown first less how often second
 * @param answers how many there were, at least 1
 */
record PairEvidence(int first, int second, double sum, int order, int answers) {
  private static final double VOTE = Math.log(3);
  private static final double LEAST = 1e-4; // log-probabilities are not exact beyond

  /** The mean logit of {@code first} being better, without the liking for what is shown first. */
  double logit(double positionBias) {
    return (sum - positionBias * order) / answers;
  }

  /**
   * The evidence of a judgement about all pairs that it says something about.
   *
   * @throws IllegalArgumentException if the judgement's record of answers is damaged
   */
  static List<PairEvidence> of(Judgement judgement) {
    if (judgement.isMissing()) {
      return List.of();
    }
    Optional<List<RecordedAnswer>> answers = JudgementFacts.answers(judgement);
    boolean compared =
        answers.isPresent() && answers.get().stream().anyMatch(a -> a.shown().size() > 1);
    return compared ? ofAnswers(judgement, answers.get()) : ofResult(judgement);
  }

  /** The logit of each answer about a pair that the image shown first is better. */
  static List<Double> shownFirst(Judgement judgement) {
    List<Double> all = new ArrayList<>();
    if (!judgement.isMissing()) {
      for (RecordedAnswer answer : JudgementFacts.answers(judgement).orElse(List.of())) {
        List<Integer> shown = answer.shown();
        for (int a = 0; a < shown.size(); a++) {
          for (int b = a + 1; b < shown.size(); b++) {
            logit(answer, shown.get(a), shown.get(b)).ifPresent(all::add);
          }
        }
      }
    }
    return all;
  }

  private static List<PairEvidence> ofAnswers(Judgement judgement, List<RecordedAnswer> answers) {
    int n = judgement.ranking().size();
    Map<Integer, PairEvidence> pairs = new TreeMap<>();
    for (RecordedAnswer answer : answers) {
      List<Integer> shown = answer.shown();
      for (int a = 0; a < shown.size(); a++) {
        for (int b = a + 1; b < shown.size(); b++) {
          int one = shown.get(a);
          int other = shown.get(b);
          OptionalDouble x = logit(answer, one, other);
          if (x.isPresent()) {
            int sign = one < other ? 1 : -1;
            PairEvidence here =
                new PairEvidence(
                    Math.min(one, other), Math.max(one, other), sign * x.getAsDouble(), sign, 1);
            pairs.merge(here.first() * n + here.second(), here, PairEvidence::plus);
          }
        }
      }
    }
    return List.copyOf(pairs.values());
  }

  /** Where no answer compared images: by recorded preferences, scores, or the order. */
  private static List<PairEvidence> ofResult(Judgement judgement) {
    Ranking order = judgement.ranking();
    int n = order.size();
    Map<Integer, PairEvidence> pairs = new TreeMap<>();
    boolean soft = judgement.provenance().containsKey(RecordedPreferences.NAME);
    for (Preference given : RecordedPreferences.of(judgement)) {
      Preference p = given.first() < given.second() ? given : given.reversed();
      double x = soft ? logitOf(p.probability()) : VOTE * (2 * p.probability() - 1);
      if (!soft && !judgement.scores().isEmpty()) {
        OptionalDouble one = judgement.scores().get(p.first());
        OptionalDouble other = judgement.scores().get(p.second());
        if (one.isEmpty() || other.isEmpty()) {
          continue;
        }
        x = one.getAsDouble() - other.getAsDouble();
      }
      pairs.merge(
          p.first() * n + p.second(),
          new PairEvidence(p.first(), p.second(), x, 0, 1),
          PairEvidence::plus);
    }
    return List.copyOf(pairs.values());
  }

  private PairEvidence plus(PairEvidence more) {
    return new PairEvidence(
        first, second, sum + more.sum, order + more.order, answers + more.answers);
  }

  private static OptionalDouble logit(RecordedAnswer answer, int one, int other) {
    if (answer.firstIsBetter().isPresent()) {
      return OptionalDouble.of(logitOf(answer.firstIsBetter().getAsDouble()));
    }
    var a = answer.order().rank(one);
    var b = answer.order().rank(other);
    return a.isEmpty() || b.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(VOTE * Integer.signum(b.getAsInt() - a.getAsInt()));
  }

  static double logitOf(double p) {
    double inside = Math.min(1 - LEAST, Math.max(LEAST, p));
    return Math.log(inside / (1 - inside));
  }
}

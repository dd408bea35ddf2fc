package org.tastemaker.feedback.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * All questions about one group by one rubric (or by one criterion of it), and the answers as
 * ballots about the group's items, with positions mapped back.
 */
final class Inquiry {
  /** A soft answer of 0 or 1 is one to the digits that log-probabilities have. */
  private static final double CERTAIN = 1e-9;

  private final Protocol protocol;
  private final Planner.Subject subject;
  private final List<Answered> answers = new ArrayList<>();
  private int round;

  Inquiry(Protocol protocol, Planner.Subject subject) {
    this.protocol = protocol;
    this.subject = subject;
  }

  /**
   * The next questions; none where an answer is still to come, so that they are chosen from all
   * answers, and a later run asks the same ones.
   */
  List<Question> nextRound() {
    if (answers.stream().map(Answered::failure).anyMatch(e -> e != null && e.isTransient())) {
      return List.of();
    }
    return protocol.planner().next(subject, round++, answers.size(), () -> ballots(null));
  }

  void add(Answered answered) {
    answers.add(answered);
  }

  List<Answered> answers() {
    return answers;
  }

  String rubricName() {
    return subject.rubric().name();
  }

  /**
   * What the answers say about the order.
   *
   * @param criterion by which criterion; null for overall
   */
  Ballots ballots(@Nullable String criterion) {
    List<Ranking> rankings = new ArrayList<>();
    List<Preference> preferences = new ArrayList<>();
    for (Answered answered : answers) {
      Verdict.Answer answer = answer(answered, criterion);
      if (answer == null) {
        continue;
      }
      switch (answered.question().kind()) {
        case RANK, BEST ->
            rankings.add(answered.question().undo(answer.order(), subject.group().size()));
        case PAIR -> {
          if (!protocol.comparesPairsInBothOrders()) {
            OptionalDouble p = firstIsBetter(answer);
            if (p.isPresent()) {
              preferences.add(preference(answered.question(), p.getAsDouble()));
            }
          }
        }
        case SCORE -> {} // see scores()
      }
    }
    if (protocol.comparesPairsInBothOrders()) {
      preferences.addAll(swapped(criterion, new PositionBias()));
    }
    return new Ballots(subject.group().size(), rankings, preferences);
  }

  /**
   * The mean score of each item.
   *
   * @param criterion by which criterion; null for overall
   * @return empty if an item has none
   */
  List<OptionalDouble> scores(@Nullable String criterion) {
    int n = subject.group().size();
    double[] sums = new double[n];
    int[] counts = new int[n];
    for (Answered answered : answers) {
      Verdict.Answer answer = answer(answered, criterion);
      if (answer == null) {
        continue;
      }
      for (int position = 0; position < answer.scores().size(); position++) {
        OptionalDouble score = answer.scores().get(position);
        if (score.isPresent()) {
          int item = answered.question().shown().get(position);
          sums[item] += score.getAsDouble();
          counts[item]++;
        }
      }
    }
    List<OptionalDouble> means = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      means.add(counts[i] == 0 ? OptionalDouble.empty() : OptionalDouble.of(sums[i] / counts[i]));
    }
    return means;
  }

  /** Adds what the swapped pairs show about the judge. */
  void countSwaps(PositionBias bias) {
    if (protocol.comparesPairsInBothOrders()) {
      swapped(null, bias);
    }
  }

  /** One preference for each pair that was answered in both orders. */
  private List<Preference> swapped(@Nullable String criterion, PositionBias bias) {
    List<Preference> preferences = new ArrayList<>();
    for (Answered there : answers) {
      Question question = there.question();
      if (question.shown().get(0) > question.shown().get(1)) {
        continue; // the other of the two
      }
      for (Answered back : answers) {
        if (back.question().sample() == question.sample()
            && back.question().shown().get(0).equals(question.shown().get(1))
            && back.question().shown().get(1).equals(question.shown().get(0))) {
          Verdict.Answer first = answer(there, criterion);
          Verdict.Answer second = answer(back, criterion);
          if (first != null && second != null) {
            OptionalDouble p = combined(first, second, bias);
            if (p.isPresent()) {
              preferences.add(preference(question, p.getAsDouble()));
            }
          }
        }
      }
    }
    return preferences;
  }

  /**
   * The preference for the image that is first in one answer and second in the other.
   *
   * <p>Soft answers have logits {@code l1 = d + b} and {@code l2 = -d + b} with the preference d
   * and the bias b of the first position: {@code d = (l1 - l2) / 2}. Hard ones agree, or are a tie.
   */
  private static OptionalDouble combined(Verdict.Answer ab, Verdict.Answer ba, PositionBias bias) {
    OptionalDouble p1 = firstIsBetter(ab);
    OptionalDouble p2 = firstIsBetter(ba);
    if (p1.isEmpty() || p2.isEmpty()) {
      return OptionalDouble.empty();
    }
    double forA = p1.getAsDouble();
    double forAToo = 1 - p2.getAsDouble();
    boolean sameWinner = Math.signum(forA - 0.5) == Math.signum(forAToo - 0.5);
    if (ab.firstIsBetter().isPresent() && ba.firstIsBetter().isPresent()) {
      double l1 = logit(forA);
      double l2 = logit(1 - forAToo);
      bias.countSwap(sameWinner, OptionalDouble.of((l1 + l2) / 2));
      return OptionalDouble.of(1 / (1 + Math.exp(-(l1 - l2) / 2)));
    }
    bias.countSwap(sameWinner, OptionalDouble.empty());
    return OptionalDouble.of(sameWinner ? Math.rint(2 * forA) / 2 : 0.5);
  }

  private static OptionalDouble firstIsBetter(Verdict.Answer answer) {
    if (answer.firstIsBetter().isPresent()) {
      return answer.firstIsBetter();
    }
    List<Preference> pairs = answer.order().pairs();
    return pairs.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(pairs.get(0).probability());
  }

  private static Preference preference(Question question, double firstIsBetter) {
    int first = question.shown().get(0);
    int second = question.shown().get(1);
    return first < second
        ? new Preference(first, second, firstIsBetter)
        : new Preference(second, first, 1 - firstIsBetter);
  }

  private static Verdict.@Nullable Answer answer(Answered answered, @Nullable String criterion) {
    Verdict verdict = answered.verdict();
    if (verdict == null) {
      return null;
    }
    return criterion == null ? verdict.overall() : verdict.byCriterion().get(criterion);
  }

  private static double logit(double p) {
    double inside = Math.min(1 - CERTAIN, Math.max(CERTAIN, p));
    return Math.log(inside / (1 - inside));
  }
}

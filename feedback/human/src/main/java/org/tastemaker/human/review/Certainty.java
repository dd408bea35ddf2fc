package org.tastemaker.human.review;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.feedback.protocol.RecordedAnswer;

/**
 * How certain a judge is of a verdict, by what it answered to single questions.
 *
 * <pre>
 *   p_ij = (sum of the answers about i and j + 1/2) / (their number + 1)      an answer: 1, 1/2 for a tie, 0, or a probability
 *   c    = mean over pairs of |2 p_ij - 1|
 * </pre>
 *
 * <p>Answers that contradict each other, such as in swapped orders, give 0, and so do ties; two
 * answers that agree are more certain than one.
 */
public final class Certainty {
  private Certainty() {}

  /**
   * Computes c. Where the single answers are not recorded, the comparisons that the judgement was
   * made from are taken, and otherwise its order.
   *
   * @param judgement any
   * @return in [0, 1); 0 for a missing judgement
   */
  public static double of(Judgement judgement) {
    int n = judgement.ranking().size();
    Map<Integer, double[]> pairs = new HashMap<>(); // by first * n + second: [sum, number]
    for (RecordedAnswer answer : JudgementFacts.answers(judgement).orElse(List.of())) {
      add(answer, n, pairs);
    }
    if (pairs.isEmpty()) {
      for (Preference p : RecordedPreferences.of(judgement)) {
        add(pairs, n, p.first(), p.second(), p.probability());
      }
    }
    return pairs.values().stream()
        .mapToDouble(pair -> Math.abs(2 * (pair[0] + 0.5) / (pair[1] + 1) - 1))
        .average()
        .orElse(0);
  }

  private static void add(RecordedAnswer answer, int n, Map<Integer, double[]> pairs) {
    List<Integer> shown = answer.shown();
    for (int a = 0; a < shown.size(); a++) {
      for (int b = a + 1; b < shown.size(); b++) {
        int one = shown.get(a);
        int other = shown.get(b);
        OptionalInt first = answer.order().rank(one);
        OptionalInt second = answer.order().rank(other);
        if (answer.firstIsBetter().isPresent()) {
          add(pairs, n, one, other, answer.firstIsBetter().getAsDouble());
        } else if (first.isPresent() && second.isPresent()) {
          int difference = Integer.compare(second.getAsInt(), first.getAsInt());
          add(pairs, n, one, other, (1 + difference) / 2.0);
        }
      }
    }
  }

  private static void add(Map<Integer, double[]> pairs, int n, int first, int second, double p) {
    boolean ascending = first < second;
    int key = ascending ? first * n + second : second * n + first;
    double[] pair = pairs.computeIfAbsent(key, unused -> new double[2]);
    pair[0] += ascending ? p : 1 - p;
    pair[1]++;
  }
}

package org.tastemaker.feedback.agreement;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The difference of two scores below which they mean a tie, chosen so that the ties of scores and
 * people agree best (Deutsch, Foster and Freitag, "Ties Matter: Meta-Evaluating Modern Metrics with
 * Pairwise Accuracy and Tie Calibration", EMNLP 2023, eq. 6 and sec. 5).
 *
 * <pre>
 *   acc_eq(e) = (concordant + tied in both) / all pairs      a pair is tied if |s_i - s_j| &lt;= e
 * </pre>
 *
 * <p>A margin that is chosen on the pairs on which it is then measured flatters the judge: choose
 * it on some prompts, and measure with {@link #accuracyAt} on others.
 *
 * @param margin e, at least 0
 * @param accuracy acc_eq there, in [0, 1]
 * @param pairs how many there were
 */
public record TieMargin(double margin, double accuracy, int pairs) {
  /** Differences that are equal but for rounding. */
  private static final double ROUNDING = 1e-12;

  /**
   * A pair with people's choice and the judge's scores.
   *
   * @param people what people chose
   * @param first the judge's score of the first image, finite
   * @param second of the second image, finite
   */
  public record Scored(Choice people, double first, double second) {
    public Scored {
      if (!Double.isFinite(first) || !Double.isFinite(second)) {
        throw new IllegalArgumentException(
            "scores must be finite, but were " + first + " and " + second);
      }
    }

    private double difference() {
      return Math.abs(first - second);
    }

    private Choice at(double margin) {
      return Choice.ofScores(first, second, margin + ROUNDING);
    }
  }

  /**
   * Chooses the margin: among 0 and all differences, the smallest of the best.
   *
   * @param pairs at least one
   * @return the margin
   */
  public static TieMargin calibrate(List<Scored> pairs) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("there must be a pair to choose a margin on");
    }
    // 1. By difference: with a growing margin, one pair after another becomes a tie.
    List<Scored> sorted = new ArrayList<>(pairs);
    sorted.sort(Comparator.comparingDouble(Scored::difference));
    long right =
        sorted.stream()
            .filter(
                pair ->
                    pair.first() != pair.second()
                        && pair.people() == Choice.ofScores(pair.first(), pair.second(), 0))
            .count();
    // 2. Count what each of them makes right or wrong, at each margin.
    double best = -1;
    double margin = 0;
    int tied = 0;
    for (int i = -1; i < sorted.size(); i++) {
      double at = i < 0 ? 0 : sorted.get(i).difference();
      for (; tied < sorted.size() && sorted.get(tied).difference() <= at + ROUNDING; tied++) {
        Scored pair = sorted.get(tied);
        if (pair.people() == Choice.TIE) {
          right++;
        } else if (pair.people() == Choice.ofScores(pair.first(), pair.second(), 0)) {
          right--;
        }
      }
      if (right > best) {
        best = right;
        margin = at;
      }
    }
    return new TieMargin(margin, best / sorted.size(), sorted.size());
  }

  /**
   * acc_eq with a margin.
   *
   * @param pairs at least one
   * @param margin e, at least 0
   * @return the share of pairs in which the scores say what people say
   */
  public static double accuracyAt(List<Scored> pairs, double margin) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "there must be a pair to measure a margin of %s on", margin));
    }
    return pairs.stream().filter(pair -> pair.at(margin) == pair.people()).count()
        / (double) pairs.size();
  }
}

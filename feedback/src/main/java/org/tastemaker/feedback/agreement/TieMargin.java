package org.tastemaker.feedback.agreement;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

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
    TreeSet<Double> margins = new TreeSet<>(List.of(0.0));
    pairs.forEach(pair -> margins.add(Math.abs(pair.first() - pair.second())));
    return margins.stream()
        .map(margin -> new TieMargin(margin, accuracyAt(pairs, margin), pairs.size()))
        .max(
            Comparator.comparingDouble(TieMargin::accuracy)
                .thenComparing(Comparator.comparingDouble(TieMargin::margin).reversed()))
        .orElseThrow();
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

package org.tastemaker.human.desk;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import org.tastemaker.core.Ranking;

/**
 * What attention checks say of a person.
 *
 * <p>An answer about several images is one observation: the share of its pairs. Pairs of one answer
 * depend on each other, so an interval from their number would be too narrow.
 *
 * @param name a pseudonym
 * @param known right of those whose answer is known
 * @param repeated said again what they said before, the images in the same places
 * @param swapped said again what they said before, the images in exchanged places
 * @param firstSide of all decided pairs: those in which the image shown first was better
 * @param medianMillis of the times of all answers; empty without answers
 * @param finding in a word
 */
public record CheckReport(
    String name,
    Rate known,
    Rate repeated,
    Rate swapped,
    Rate firstSide,
    OptionalLong medianMillis,
    Finding finding) {
  private static final int ENOUGH = 4; // answers before anything is said
  private static final double ONE_SIDED = 0.75;
  private static final double CARELESS = 0.75;

  /** What the figures come to. */
  public enum Finding {
    /** There are too few checks to say anything. */
    TOO_FEW("too few checks to say"),
    /** The checks are better than chance. */
    OK("looks and answers with care"),
    /** The image shown first, on the left, is chosen whatever it is. */
    PICKS_FIRST("picks the image shown first (left)"),
    /** The image shown last, on the right, is chosen whatever it is. */
    PICKS_LAST("picks the image shown last (right)"),
    /** Checks are answered as by a coin. */
    RANDOM("answers at random"),
    /** Known answers are turned round, and the same is said again: perhaps a misunderstanding. */
    REVERSED("puts the worst first"),
    /** More checks are needed. */
    UNCLEAR("not clear yet");

    private final String words;

    Finding(String words) {
      this.words = words;
    }

    /**
     * In words.
     *
     * @return such as {@code "answers at random"}
     */
    public String words() {
      return words;
    }
  }

  /**
   * A share with the Wilson interval of 95 % (E. B. Wilson, JASA 22, 1927).
   *
   * @param sum of the answers' shares
   * @param of how many answers
   */
  public record Rate(double sum, int of) {
    private static final double Z = 1.959963984540054;

    /**
     * The share.
     *
     * @return in [0, 1]; NaN for no answers
     */
    public double share() {
      return sum / of;
    }

    /**
     * The interval's lower end.
     *
     * @return in [0, 1]; 0 for no answers
     */
    public double low() {
      return of == 0 ? 0 : Math.max(0, middle() - half());
    }

    /**
     * The interval's upper end.
     *
     * @return in [0, 1]; 1 for no answers
     */
    public double high() {
      return of == 0 ? 1 : Math.min(1, middle() + half());
    }

    private double middle() {
      return (share() + Z * Z / (2 * of)) / (1 + Z * Z / of);
    }

    private double half() {
      double p = share();
      return Z / (1 + Z * Z / of) * Math.sqrt(p * (1 - p) / of + Z * Z / (4.0 * of * of));
    }

    Rate plus(Rate more) {
      return new Rate(sum + more.sum, of + more.of);
    }

    private Rate plus(DeskFigures.Share answer) {
      return answer.of() == 0
          ? this
          : new Rate(sum + (double) answer.count() / answer.of(), of + 1);
    }

    @Override
    public String toString() {
      return of == 0
          ? "none"
          : String.format(Locale.ROOT, "%.2f [%.2f, %.2f] of %d", share(), low(), high(), of);
    }
  }

  static CheckReport of(String name, List<DeskAnswer> own, Map<String, Ranking> right) {
    Rate known = new Rate(0, 0);
    Rate repeated = known;
    Rate swapped = known;
    Rate first = known;
    Map<String, Ranking> before = new HashMap<>();
    for (DeskAnswer answer : own) {
      if (answer.order().isEmpty()) {
        continue;
      }
      Ranking order = answer.order().get();
      String question = answer.assignment().question();
      first = first.plus(DeskFigures.first(answer, order));
      switch (answer.assignment().check()) {
        case KNOWN -> known = known.plus(DeskFigures.same(order, right.get(question)));
        case REPEATED -> repeated = repeated.plus(DeskFigures.same(order, before.get(question)));
        case SWAPPED -> swapped = swapped.plus(DeskFigures.same(order, before.get(question)));
        case NONE -> before.put(question, order);
      }
    }
    return new CheckReport(
        name,
        known,
        repeated,
        swapped,
        first,
        DeskFigures.median(own),
        finding(known, repeated, swapped, first));
  }

  private static Finding finding(Rate known, Rate repeated, Rate swapped, Rate first) {
    if (first.of() >= 2 * ENOUGH && first.share() >= ONE_SIDED && first.low() > 0.5) {
      return Finding.PICKS_FIRST;
    }
    if (first.of() >= 2 * ENOUGH && first.share() <= 1 - ONE_SIDED && first.high() < 0.5) {
      return Finding.PICKS_LAST;
    }
    Rate again = repeated.plus(swapped);
    Rate all = known.plus(again);
    if (all.of() < ENOUGH) {
      return Finding.TOO_FEW;
    }
    if (known.of() > 0 && known.high() < 0.5 && again.of() > 0 && again.low() > 0.5) {
      return Finding.REVERSED;
    }
    if (all.low() > 0.5) {
      return Finding.OK;
    }
    return all.share() < CARELESS && all.of() >= 2 * ENOUGH ? Finding.RANDOM : Finding.UNCLEAR;
  }

  /**
   * All in a line.
   *
   * @return such as {@code "ann: looks and answers with care; known 1.00 [0.61, 1.00] of 6, ..."}
   */
  public String words() {
    return name
        + ": "
        + finding.words()
        + "; known "
        + known
        + ", repeated "
        + repeated
        + ", swapped "
        + swapped
        + ", shown first "
        + firstSide
        + medianMillis.stream()
            .mapToObj(millis -> String.format(Locale.ROOT, ", median %.1f s", millis / 1000.0))
            .findFirst()
            .orElse("");
  }
}

package org.tastemaker.human.review;

import java.util.List;
import java.util.Set;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;

/** In what way a person's order differs from the judge's. */
public enum Disagreement {
  /** Every image that was better is worse: the whole order, of three images or more. */
  REVERSED("the whole order is the other way round"),
  /** No image that the judge put first is among those that the person puts first. */
  BEST("another image is best"),
  /** The best one stays, and the order behind it changes. */
  BEHIND("the best image is right, the order behind it is not"),
  /** No two images change places: only ties are made or broken. */
  TIES("only ties differ");

  private final String words;

  Disagreement(String words) {
    this.words = words;
  }

  /**
   * For people.
   *
   * @return some words
   */
  public String words() {
    return words;
  }

  /**
   * Tells the kind.
   *
   * @param judge the judge's order, not empty
   * @param person another one of the same images, not empty
   * @return the first kind that fits
   */
  static Disagreement of(Ranking judge, Ranking person) {
    int opposite = 0;
    int decided = 0;
    List<Preference> theirs = person.pairs();
    for (Preference pair : judge.pairs()) {
      double given =
          theirs.stream()
              .filter(p -> p.first() == pair.first() && p.second() == pair.second())
              .mapToDouble(Preference::probability)
              .findFirst()
              .orElse(0.5);
      decided += pair.probability() == 0.5 ? 0 : 1;
      opposite += Math.abs(given - pair.probability()) == 1 ? 1 : 0;
    }
    if (opposite == 0) {
      return TIES;
    }
    if (judge.size() > 2 && opposite == decided && decided == judge.pairs().size()) {
      return REVERSED;
    }
    Set<Integer> best = Set.copyOf(judge.tiers().get(0));
    return person.tiers().get(0).stream().noneMatch(best::contains) ? BEST : BEHIND;
  }
}

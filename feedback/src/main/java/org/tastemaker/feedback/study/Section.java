package org.tastemaker.feedback.study;

import java.util.List;

/**
 * The figures of all pairs, of those by a criterion, or of a stratum.
 *
 * @param name such as {@code all}, {@code criterion: aesthetics} or {@code source: hpd}
 * @param pairs with enough votes of people
 * @param prompts of those
 * @param figures one for each measure
 */
public record Section(String name, long pairs, int prompts, List<Figure> figures) {
  /** The name of the section of all pairs. */
  public static final String ALL = "all";

  public Section {
    figures = List.copyOf(figures);
  }

  /**
   * One of its figures.
   *
   * @param measure which
   * @return the figure, perhaps unknown
   */
  public Figure figure(Measure measure) {
    return figures.stream().filter(f -> f.measure() == measure).findFirst().orElseThrow();
  }
}

package org.tastemaker.core;

/**
 * One comparison of two items, as a soft label.
 *
 * @param first index of one item, at least 0
 * @param second index of the other item, at least 0, not {@code first}
 * @param probability that {@code first} is the better one, in [0, 1]: 1 a clear win, 0.5 a tie, 0 a
 *     clear loss
 */
public record Preference(int first, int second, double probability) {
  public Preference {
    if (first < 0 || second < 0 || first == second) {
      throw new IllegalArgumentException(
          "a preference compares two different items of index 0 or more, but was of items "
              + first
              + " and "
              + second);
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          "the probability that item "
              + first
              + " is better than item "
              + second
              + " must be in [0, 1], but was "
              + probability);
    }
  }

  /**
   * The same comparison seen from the other item.
   *
   * @return {@code second} against {@code first}, with probability {@code 1 - probability}
   */
  public Preference reversed() {
    return new Preference(second, first, 1 - probability);
  }

  /**
   * Whether neither item is preferred.
   *
   * @return true where the probability is exactly one half
   */
  public boolean isTie() {
    return probability == 0.5;
  }
}

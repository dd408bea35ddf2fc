package org.tastemaker.optim.nft;

/**
 * How fast the old policy, which samples, follows the new one: after round k (from 0) it keeps the
 * share {@link #keep} of itself.
 *
 * @param flat how many rounds it is replaced as a whole: keeps 0
 * @param slope by how much it keeps more with every round after these, at least 0
 * @param most what it keeps at most, in [0, 1]
 */
public record OldPolicy(long flat, double slope, double most) {
  public OldPolicy {
    if (flat < 0 || !(slope >= 0) || Double.isInfinite(slope) || !(most >= 0 && most <= 1)) {
      throw new IllegalArgumentException(
          "flat must be at least 0, slope at least 0 and finite, and most in [0, 1], but they were "
              + flat
              + ", "
              + slope
              + " and "
              + most);
    }
  }

  /**
   * Close to the new policy: {@code min(0.001 k, 0.5)}, the first kind of the reference
   * implementation.
   *
   * @return the schedule
   */
  public static OldPolicy close() {
    return new OldPolicy(0, 0.001, 0.5);
  }

  /**
   * On the policy for 75 rounds, and then ever further behind: {@code min(0.0075 (k - 75), 0.999)},
   * the second kind of the reference implementation.
   *
   * @return the schedule
   */
  public static OldPolicy lagging() {
    return new OldPolicy(75, 0.0075, 0.999);
  }

  /**
   * The new policy itself, after every round.
   *
   * @return the schedule
   */
  public static OldPolicy onPolicy() {
    return new OldPolicy(0, 0, 0);
  }

  /**
   * The share of itself that the old policy keeps.
   *
   * @param round k, from 0
   * @return in [0, 1]
   */
  public double keep(long round) {
    return round < flat ? 0 : Math.min(slope * (round - flat), most);
  }
}

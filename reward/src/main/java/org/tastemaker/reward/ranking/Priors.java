package org.tastemaker.reward.ranking;

/** What the fits of a single ranking need. */
final class Priors {
  private Priors() {}

  static void require(double precision) {
    if (!(precision > 0)) {
      throw new IllegalArgumentException(
          "one ranking has no finite maximum likelihood, so this reward needs a prior precision over"
              + " 0, but was given "
              + precision);
    }
  }
}

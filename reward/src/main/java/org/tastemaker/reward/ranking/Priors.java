package org.tastemaker.reward.ranking;

/** Checks the prior that a fit to a single ranking needs. */
final class Priors {
  private Priors() {}

  static void require(double precision) {
    if (!(precision > 0)) {
      throw new IllegalArgumentException(
          "one ranking has no finite maximum likelihood, so this reward needs a prior precision above"
              + " 0, but was given "
              + precision);
    }
  }
}

package org.tastemaker.human.improve;

import org.tastemaker.optim.zo.ZoRankSgd;

/** What a search changes to make an image better. */
public enum Over {
  /** The initial noise: the model does not change, and the search explores what it can draw. */
  NOISE,
  /** The gains of a LoRA, a number for each adapted layer: the noise does not change. */
  GAINS,
  /** Both at once. */
  BOTH;

  /** Someone names the best three of six; more are asked of nobody. */
  private static final int NAMED = 3;

  /** Three times that of a judge who sees the smallest difference: people must see one. */
  private static final double VISIBLE = 0.3;

  /**
   * How the search goes when a person looks at it.
   *
   * @return six probes of which the best three are named
   */
  public ZoRankSgd.Options search() {
    return this == GAINS
        ? ZoRankSgd.Options.forGains().withBest(NAMED)
        : ZoRankSgd.Options.forLatents().withBest(NAMED).withRadius(VISIBLE);
  }

  boolean hasNoise() {
    return this != GAINS;
  }

  boolean hasGains() {
    return this != NOISE;
  }
}

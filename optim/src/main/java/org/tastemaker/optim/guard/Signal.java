package org.tastemaker.optim.guard;

/**
 * A number that a reward does not see, and how it runs away: up or down or both, as a share of 1 or
 * as a factor.
 */
enum Signal {
  DARK_PIXELS("darkPixels", "dark pixels", Scale.SHARE, true, false),
  SATURATED_PIXELS("saturatedPixels", "saturated pixels", Scale.SHARE, true, false),
  EDGE_DENSITY("edgeDensity", "edge density", Scale.FACTOR, true, true),
  COLOUR_ENTROPY("colourEntropy", "colour entropy", Scale.FACTOR, false, true),
  BRIGHTNESS("brightness", "brightness", Scale.FACTOR, true, true),
  DIVERSITY("diversity", "diversity", Scale.FACTOR, false, true),
  LATENT_NORM("latentNorm", "the latents' norm", Scale.FACTOR, true, true),
  HELD_OUT("heldOutScore", "the held-out score", Scale.DEVIATIONS, false, true),
  RANK_GAP("rankGap", "the rank gap to the held-out score", Scale.GAP, true, false);

  /** What a change is measured in. */
  private enum Scale {
    SHARE,
    FACTOR,
    DEVIATIONS,
    GAP
  }

  /** Below it, a factor says nothing: twice as much of nearly nothing is nearly nothing. */
  private static final double FLOOR = 0.02;

  /** So many standard errors of the difference of two means. */
  private static final double CHANCE = 2;

  private final String metric;
  private final String words;
  private final Scale scale;
  private final boolean up;
  private final boolean down;

  Signal(String metric, String words, Scale scale, boolean up, boolean down) {
    this.metric = metric;
    this.words = words;
    this.scale = scale;
    this.up = up;
    this.down = down;
  }

  /** Its metric's name. */
  String metric() {
    return metric;
  }

  /** For messages. */
  String words() {
    return words;
  }

  /**
   * Whether it has changed by more than the options allow.
   *
   * @param before at the beginning
   * @param now the latest
   * @param deviation the held-out score's standard deviation among images, at the beginning
   * @param images over how many the numbers are means, of which a fall may be chance
   */
  boolean ranAway(
      double before, double now, double deviation, double images, HackingOptions options) {
    double bound =
        switch (scale) {
          case SHARE -> options.maxShareRise();
          case FACTOR -> Math.log(options.maxFactor());
          case DEVIATIONS ->
              deviation * Math.max(options.maxHeldOutFall(), CHANCE * Math.sqrt(2 / images));
          case GAP -> options.maxRankGapRise();
        };
    double change =
        scale == Scale.FACTOR
            ? Math.log(Math.max(now, FLOOR) / Math.max(before, FLOOR))
            : now - before;
    return (up && change > bound) || (down && -change > bound);
  }
}

package org.tastemaker.optim.guard;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Locale;
import java.util.Objects;

/**
 * When a change is suspicious to the {@link HackingMonitor}, and what is done then.
 *
 * @param action what is done then
 * @param minScoreRise by how many standard deviations the reward must have risen, at least 0; the
 *     deviation is that among the images of the beginning
 * @param maxShareRise by how much the share of dark or of saturated pixels may rise, above 0
 * @param maxFactor by which factor edge density, colour entropy, brightness, diversity and the
 *     latents' norm may change, above 1
 * @param maxHeldOutFall by how many standard deviations the held-out score may fall, above 0; the
 *     deviation is that among the images of the beginning. Of a few images it may fall further: by
 *     two standard errors of the difference, which may be chance
 * @param maxRankGapRise by how much the rank gap may rise, above 0; it is 0 where both rewards
 *     order the images alike and about 1/3 where they have nothing in common
 * @param rounds of how many rounds the beginning and the present are means, at least 1
 */
@RecordBuilder
public record HackingOptions(
    Action action,
    double minScoreRise,
    double maxShareRise,
    double maxFactor,
    double maxHeldOutFall,
    double maxRankGapRise,
    int rounds)
    implements HackingOptionsBuilder.With {
  /** What is done when images run away. */
  public enum Action {
    /** Nothing: the numbers are metrics. */
    MEASURE,
    /** It is said, once for each number. */
    WARN,
    /** It is said, and the run ends. */
    STOP
  }

  /** Checks every field. */
  public HackingOptions {
    Objects.requireNonNull(action, "action == null");
    require(minScoreRise >= 0, "minScoreRise must be at least 0, but was " + minScoreRise);
    requireAbove(0, "maxShareRise", maxShareRise);
    requireAbove(1, "maxFactor", maxFactor);
    requireAbove(0, "maxHeldOutFall", maxHeldOutFall);
    requireAbove(0, "maxRankGapRise", maxRankGapRise);
    require(rounds >= 1, "rounds must be at least 1, but was " + rounds);
  }

  private static void requireAbove(double bound, String name, double value) {
    require(
        value > bound,
        String.format(Locale.ROOT, "%s must be above %.0f, but was %s", name, bound, value));
  }

  /**
   * Warns if the reward has risen by a quarter of its standard deviation, and a share of pixels by
   * 0.25, another number by a factor of 2, the held-out score has fallen by half of its standard
   * deviation, or the rank gap risen by 0.15. Rounds are compared by fives.
   *
   * @return the options
   */
  public static HackingOptions defaults() {
    return new HackingOptions(Action.WARN, 0.25, 0.25, 2, 0.5, 0.15, 5);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}

package org.tastemaker.optim.guard;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.RewardModel;

/**
 * When the guards of a run warn, and when they end it. None of them changes what is trained, and
 * all may be other ones when a run is resumed.
 *
 * @param maxConstantRounds the run ends after so many rounds in a row in which the judge or the
 *     reward made no difference between images, at least 1; {@link Integer#MAX_VALUE} to warn only
 * @param maxMissingShare the run ends if more than this share of the rewards of the latest rounds
 *     is missing, in (0, 1]; 1 for no bound
 * @param missingWindow of how many rounds the share is, at least 1: one bad round does not end a
 *     run
 * @param hacking what is done about images that change in ways that the reward does not see
 * @param heldOut a reward that is not trained on, which scores the images of every round and
 *     evaluation, without judgements; null for none. An {@code Evaluation} by a reward of its own
 *     is held out anyway
 */
@RecordBuilder
public record GuardOptions(
    int maxConstantRounds,
    double maxMissingShare,
    int missingWindow,
    HackingOptions hacking,
    @Nullable RewardModel heldOut)
    implements GuardOptionsBuilder.With {
  /** Checks every field. */
  public GuardOptions {
    require(
        maxConstantRounds >= 1,
        "maxConstantRounds must be at least 1, but was " + maxConstantRounds);
    require(
        maxMissingShare > 0 && maxMissingShare <= 1,
        "maxMissingShare must be in (0, 1], but was " + maxMissingShare);
    require(missingWindow >= 1, "missingWindow must be at least 1, but was " + missingWindow);
    Objects.requireNonNull(hacking, "hacking == null");
    require(
        heldOut == null || !heldOut.isRelative(),
        "the held-out reward only compares images of one round with each other, so it neither rises"
            + " nor falls: give a score of single images");
  }

  /**
   * Warns of a constant judge and of images that run away, and ends a run that has no reward for
   * more than half of the images of its latest 5 rounds.
   *
   * @return the options, without a held-out reward
   */
  public static GuardOptions defaults() {
    return new GuardOptions(
        Integer.MAX_VALUE, 0.5, 5, HackingOptions.defaults(), /* heldOut= */ null);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}

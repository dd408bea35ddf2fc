package org.tastemaker.optim.run;

import org.tastemaker.core.DivergedException;

/**
 * How a run ended.
 *
 * @param rounds how many rounds are done
 * @param reason why it ended
 * @param message for a person to read
 */
public record RunResult(long rounds, Reason reason, String message) {
  /** Why a run ended. */
  public enum Reason {
    /** All rounds are done. */
    FINISHED,
    /** A KL was above its bound. */
    KL,
    /** The judge or the reward made no difference between images for too many rounds. */
    CONSTANT_REWARD,
    /** The share of missing rewards was above its limit. */
    MISSING_REWARDS,
    /**
     * The images ran away while the reward rose: {@link org.tastemaker.optim.guard.HackingMonitor}.
     */
    REWARD_HACKING,
    /** A number was NaN or infinite: {@link DivergedException}. */
    DIVERGED
  }
}

package org.tastemaker.core;

import java.util.List;

/** Turns judgements into a number for each image, or computes one from the image alone. */
@FunctionalInterface
public interface RewardModel {
  /**
   * Rewards the images of a rollout.
   *
   * @param rollout the images
   * @param judgements one for each of {@link Rollout#groups}, in order; an empty list where no
   *     judge was asked, for a reward that needs none
   * @return one reward for each image of the rollout, in the rollout's order; missing where nothing
   *     was judged
   */
  Rewards score(Rollout rollout, List<Judgement> judgements);

  /**
   * Whether the rewards only compare the images of a rollout with each other, as win rates do.
   * Their mean is then the same whatever the model makes, and is not reported.
   *
   * @return false unless a reward says otherwise
   */
  default boolean isRelative() {
    return false;
  }
}

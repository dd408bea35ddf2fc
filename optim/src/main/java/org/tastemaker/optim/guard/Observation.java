package org.tastemaker.optim.guard;

import java.util.List;
import java.util.Optional;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * What guards see of a round or an evaluation.
 *
 * @param round how many rounds are done, this one included
 * @param rollout the images; valid during the call only
 * @param judgements what the judge said about them; empty where none was asked
 * @param reward what is maximized
 * @param rewards of the images, by {@code reward}; empty in an evaluation by another reward
 * @param heldOut of the images, by a reward that is not trained on; empty where there is none
 */
public record Observation(
    long round,
    Rollout rollout,
    List<Judgement> judgements,
    RewardModel reward,
    Optional<Rewards> rewards,
    Optional<Rewards> heldOut) {
  /** Copies the list. */
  public Observation {
    judgements = List.copyOf(judgements);
  }
}

package org.tastemaker.reward.learned;

import java.util.List;

/**
 * A trained reward, and how the training went.
 *
 * @param reward of the best epoch; the caller closes it
 * @param heldOut its agreement with judgements of prompts that neither training nor stopping saw
 * @param trainingLoss mean training loss of each epoch; each prompt's loss is that just before its
 *     step
 * @param validationLoss mean loss at the end of each epoch over the prompts that decide when to
 *     stop
 * @param bestEpoch index, from 0, of the epoch whose network was kept
 * @param stopReason why training ended
 */
public record TrainedReward(
    LearnedReward reward,
    RewardEvaluation heldOut,
    List<Double> trainingLoss,
    List<Double> validationLoss,
    int bestEpoch,
    StopReason stopReason) {
  public TrainedReward {
    trainingLoss = List.copyOf(trainingLoss);
    validationLoss = List.copyOf(validationLoss);
  }

  /** Why training ended. */
  public enum StopReason {
    /** The validation loss had not improved for as many epochs as the options allow. */
    NO_IMPROVEMENT,
    /** The maximum number of epochs was reached. */
    MAX_EPOCHS
  }
}

package org.tastemaker.reward.learned;

import java.util.List;

/**
 * A reward that was trained, and how that went.
 *
 * @param reward of the best epoch; the caller closes it
 * @param heldOut its agreement with judgements of prompts that neither training nor stopping saw
 * @param trainingLoss mean loss of each epoch, over the prompts that were trained on, as the
 *     network was when it came to them
 * @param validationLoss mean loss at the end of each epoch over the prompts that decide when to
 *     stop
 * @param bestEpoch index of the epoch whose network was kept, from 0
 * @param stopReason why there were no more epochs
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
    /** The validation loss had not become less for as many epochs as the options say. */
    NO_IMPROVEMENT,
    /** There were as many epochs as the options allow. */
    MAX_EPOCHS
  }
}

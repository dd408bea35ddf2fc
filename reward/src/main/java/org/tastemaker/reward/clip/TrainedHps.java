package org.tastemaker.reward.clip;

import java.util.List;
import org.tastemaker.reward.learned.TrainedReward.StopReason;

/**
 * How the training of a preference score went. The score itself is the model that was given to
 * {@link HpsTrainer}, as the reward that {@link HpsTrainer#reward} gives.
 *
 * @param before agreement of the model, as it was, with choices of prompts that neither training
 *     nor stopping sees
 * @param heldOut agreement of the trained model with the same choices
 * @param trainingLoss mean training loss of each epoch; each batch's loss is that just before its
 *     step
 * @param validationLoss mean loss over the prompts that decide when to stop: first of the model as
 *     it was, then at the end of each epoch
 * @param bestEpoch after how many epochs the model had the weights that were kept; 0 if no epoch
 *     was better than none, and the model is as it was
 * @param stopReason why training ended
 */
public record TrainedHps(
    HpsEvaluation before,
    HpsEvaluation heldOut,
    List<Double> trainingLoss,
    List<Double> validationLoss,
    int bestEpoch,
    StopReason stopReason) {
  /** Copies the lists. */
  public TrainedHps {
    trainingLoss = List.copyOf(trainingLoss);
    validationLoss = List.copyOf(validationLoss);
  }
}

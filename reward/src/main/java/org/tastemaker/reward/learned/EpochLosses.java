package org.tastemaker.reward.learned;

import java.util.ArrayList;
import java.util.List;

/** The losses of the epochs so far. */
final class EpochLosses {
  private final Observer observer;
  private final List<Double> training = new ArrayList<>();
  private final List<Double> validation = new ArrayList<>();
  private double sum;
  private int prompts;

  @FunctionalInterface
  interface Observer {
    void epochEnded(int epoch, double trainingLoss, double validationLoss);
  }

  EpochLosses(Observer observer) {
    this.observer = observer;
  }

  /** Adds the mean loss of a step's prompts. */
  void step(double loss, int prompts) {
    sum += loss * prompts;
    this.prompts += prompts;
  }

  void endEpoch(double validationLoss) {
    training.add(sum / prompts);
    validation.add(validationLoss);
    sum = 0;
    prompts = 0;
    int epoch = training.size() - 1;
    observer.epochEnded(epoch, training.get(epoch), validationLoss);
  }

  List<Double> training() {
    return training;
  }

  List<Double> validation() {
    return validation;
  }

  /** The epoch with the lowest validation loss; the first of several that are equal. */
  int best() {
    int best = 0;
    for (int e = 1; e < validation.size(); e++) {
      best = validation.get(e) < validation.get(best) ? e : best;
    }
    return best;
  }
}

package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableList;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.tastemaker.optim.policy.TransitionLoss.Numbers;

/**
 * Computes the gradient of an update elsewhere: micro-batch by micro-batch, each of them a function
 * of what is in {@link Work} and of the weights as they are now. {@link
 * DiffusionPolicy#computeGradientsBy} takes one.
 *
 * <p>The policy adds the gradients in the order of the micro-batches, as it does with its own. So
 * where each of them is bit-identical to its own, the updated weights are too.
 */
@FunctionalInterface
public interface GradientSource {
  /**
   * Computes an update's gradient.
   *
   * @param work what is wanted
   * @param taker receives one result for each micro-batch, in their order, on this thread
   */
  void run(Work work, Taker taker);

  /** Adds a micro-batch's gradient to the policy's. */
  @FunctionalInterface
  interface Taker {
    /**
     * Takes the next one.
     *
     * @param rows the numbers of its rows, in their order
     * @param gradient of all trained parameters, by the names of {@link
     *     DiffusionPolicy#parameters}; read at once
     */
    void take(List<Numbers> rows, Map<String, FloatBuffer> gradient);
  }

  /**
   * An update.
   *
   * @param trajectories to which the rows' images belong
   * @param microBatches the rows, in the order in which they go through the U-Net
   * @param capacity B: with how many rows the U-Net runs; those that are missing repeat the first
   * @param rows R, of the whole update: the loss is their mean
   * @param loss of a row
   * @param klWeight of the KL to the reference, at least 0
   */
  record Work(
      List<Trajectory> trajectories,
      List<List<TrainingOrder.Row>> microBatches,
      int capacity,
      int rows,
      TransitionLoss loss,
      double klWeight) {
    public Work {
      trajectories = ImmutableList.copyOf(trajectories);
      microBatches = microBatches.stream().map(List::copyOf).toList();
      Objects.requireNonNull(loss, "loss == null");
    }
  }
}

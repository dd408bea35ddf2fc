package org.tastemaker.optim.policy;

import io.soabase.recordbuilder.core.RecordBuilder;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.diffusion.train.OptimizerOptions.Decay;

/**
 * How a policy's learning rate goes over its updates, as a share of the highest. It rises linearly
 * from 0, so with a warm-up the first update has rate 0, as in PyTorch's and diffusers' schedules
 * of the same names. It counts updates, of which a round makes several or, if it is skipped, none.
 *
 * @param decay what follows the warm-up
 * @param warmUp how many updates it rises for, at least 0
 * @param updates after how many it has fallen to 0; counts for {@link Decay#LINEAR} and {@link
 *     Decay#COSINE} only, and is more than {@code warmUp}
 */
@RecordBuilder
public record RateSchedule(Decay decay, long warmUp, long updates)
    implements RateScheduleBuilder.With {
  /** Checks every field. */
  public RateSchedule {
    double unused = new OptimizerOptions.Rate(decay, 1, warmUp).at(0, updates);
  }

  /**
   * The same rate for all updates.
   *
   * @return the schedule
   */
  public static RateSchedule constant() {
    return warmingUp(0);
  }

  /**
   * The same rate after a warm-up.
   *
   * @param warmUp how many updates it rises for, at least 0
   * @return the schedule
   */
  public static RateSchedule warmingUp(long warmUp) {
    return new RateSchedule(Decay.CONSTANT, warmUp, Long.MAX_VALUE);
  }

  /**
   * Falls along half a cosine to 0.
   *
   * @param warmUp how many updates it rises for, at least 0
   * @param updates after how many it is 0, above {@code warmUp}: rounds times a round's updates
   * @return the schedule
   */
  public static RateSchedule cosine(long warmUp, long updates) {
    return new RateSchedule(Decay.COSINE, warmUp, updates);
  }

  /**
   * Falls linearly to 0.
   *
   * @param warmUp how many updates it rises for, at least 0
   * @param updates after how many it is 0, above {@code warmUp}: rounds times a round's updates
   * @return the schedule
   */
  public static RateSchedule linear(long warmUp, long updates) {
    return new RateSchedule(Decay.LINEAR, warmUp, updates);
  }

  /** The share of the highest rate in an update, after a number of updates. */
  double factor(long done) {
    return new OptimizerOptions.Rate(decay, 1, warmUp).at(done, updates);
  }
}

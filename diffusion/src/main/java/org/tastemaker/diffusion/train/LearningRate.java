package org.tastemaker.diffusion.train;

import java.util.Locale;

/**
 * A learning rate as a function of the number of updates done. Each schedule rises linearly from 0
 * over its warm-up steps, so with a warm-up the first update has rate 0, as in PyTorch's and
 * diffusers' schedules of the same names.
 */
@FunctionalInterface
interface LearningRate {
  /**
   * The rate of an update.
   *
   * @param step how many updates came before it; at least 0
   * @return the rate, at least 0
   */
  double at(long step);

  /**
   * The same rate after the warm-up.
   *
   * @param peak the rate, above 0
   * @param warmUp how many steps to rise for, at least 0
   * @return the schedule
   */
  static LearningRate constant(double peak, long warmUp) {
    check(peak, warmUp, Long.MAX_VALUE);
    return step -> peak * warmUp(step, warmUp);
  }

  /**
   * Falls linearly to 0 after the warm-up.
   *
   * @param peak the highest rate, above 0
   * @param warmUp how many steps to rise for, at least 0
   * @param total the step at which the rate is 0; above {@code warmUp}
   * @return the schedule; 0 after {@code total}
   */
  static LearningRate linear(double peak, long warmUp, long total) {
    check(peak, warmUp, total);
    return step -> peak * warmUp(step, warmUp) * (1 - progress(step, warmUp, total));
  }

  /**
   * Falls along half a cosine to 0 after the warm-up (Loshchilov and Hutter, 2017, without
   * restarts).
   *
   * @param peak the highest rate, above 0
   * @param warmUp how many steps to rise for, at least 0
   * @param total the step at which the rate is 0; above {@code warmUp}
   * @return the schedule; 0 after {@code total}
   */
  static LearningRate cosine(double peak, long warmUp, long total) {
    check(peak, warmUp, total);
    return step ->
        peak * warmUp(step, warmUp) * (1 + Math.cos(Math.PI * progress(step, warmUp, total))) / 2;
  }

  private static double warmUp(long step, long warmUp) {
    if (step < 0) {
      throw new IllegalArgumentException("step must be at least 0, but was " + step);
    }
    return step < warmUp ? (double) step / (double) warmUp : 1;
  }

  private static double progress(long step, long warmUp, long total) {
    return step < warmUp ? 0 : Math.min(1, (double) (step - warmUp) / (double) (total - warmUp));
  }

  /** Checks a schedule's numbers. */
  static void check(double peak, long warmUp, long total) {
    if (!(peak > 0) || Double.isInfinite(peak)) {
      throw new IllegalArgumentException("peak must be above 0 and finite, but was " + peak);
    }
    if (warmUp < 0) {
      throw new IllegalArgumentException("warmUp must be at least 0, but was " + warmUp);
    }
    if (total <= warmUp) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "total must be above warmUp, %s, but was %s", warmUp, total));
    }
  }
}

package org.tastemaker.diffusion.schedule;

import java.util.Arrays;
import java.util.Locale;

/**
 * How the sampling timesteps are picked among the training timesteps: table 2 of Lin et al.,
 * "Common Diffusion Noise Schedules and Sample Steps are Flawed" (2023), with the roundings of
 * diffusers.
 */
enum TimestepSpacing {
  /** {@code i * floor(T / n) + offset}: never reaches the noisiest timestep. */
  LEADING,
  /** {@code round(T - i * T / n) - 1}: starts at the noisiest timestep. */
  TRAILING,
  /** {@code n} points from 0 to {@code T - 1}, both included. */
  LINSPACE;

  /** The name of this spacing in a diffusers configuration, such as {@code "leading"}. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  static TimestepSpacing of(String key) {
    for (TimestepSpacing spacing : values()) {
      if (spacing.key().equals(key)) {
        return spacing;
      }
    }
    throw new IllegalArgumentException(
        "timestep_spacing must be one of leading, trailing, linspace, but was \"" + key + "\"");
  }

  /**
   * The timesteps of the one-step samplers, noisiest first.
   *
   * @param trainSteps T
   * @param steps n, 1 to T
   * @param offset what leading spacing adds to each
   * @return n timesteps; whole numbers, except for linspace, which the caller rounds where its
   *     timesteps are whole
   */
  double[] timesteps(int trainSteps, int steps, int offset) {
    return switch (this) {
      case LEADING -> leading(trainSteps / steps, steps, offset);
      case TRAILING -> trailing(trainSteps, trainSteps, steps);
      case LINSPACE -> linspace(trainSteps - 1, steps);
    };
  }

  /**
   * The timesteps of the multistep solver, noisiest first: for leading and linspace spacing, the
   * first n of n + 1, whose last is the one that the final step would land on.
   *
   * @param trainSteps T
   * @param lastTimestep how many training timesteps are in use, at most T
   */
  double[] multistepTimesteps(int trainSteps, int lastTimestep, int steps, int offset) {
    return switch (this) {
      case LEADING -> Arrays.copyOf(leading(lastTimestep / (steps + 1), steps + 1, offset), steps);
      case TRAILING -> trailing(trainSteps, lastTimestep, steps);
      case LINSPACE -> Arrays.copyOf(linspace(lastTimestep - 1, steps + 1), steps);
    };
  }

  private static double[] leading(int ratio, int steps, int offset) {
    double[] timesteps = new double[steps];
    for (int i = 0; i < steps; i++) {
      timesteps[i] = (double) (steps - 1 - i) * ratio + offset;
    }
    return timesteps;
  }

  private static double[] trailing(int trainSteps, int lastTimestep, int steps) {
    double ratio = (double) trainSteps / steps;
    // As NumPy's arange computes it: the increment is a difference of two rounded values, and that
    // decides which way a timestep that falls half-way is rounded.
    double increment = (lastTimestep - ratio) - lastTimestep;
    double[] timesteps = new double[steps];
    for (int i = 0; i < steps; i++) {
      timesteps[i] = Math.rint(lastTimestep + i * increment) - 1;
    }
    return timesteps;
  }

  private static double[] linspace(int last, int steps) {
    double[] timesteps = new double[steps];
    double increment = steps > 1 ? last / (double) (steps - 1) : 0;
    for (int i = 0; i < steps; i++) {
      int fromEnd = steps - 1 - i;
      timesteps[i] = i == 0 && steps > 1 ? last : fromEnd * increment;
    }
    return timesteps;
  }
}

package org.tastemaker.diffusion.schedule;

import java.util.Locale;

/**
 * Some consecutive steps of a sampling run.
 *
 * @param first from 0, the noisiest
 * @param end the first step after them, above first
 */
public record StepWindow(int first, int end) {
  /** Every step of any run. */
  public static final StepWindow ALL = new StepWindow(0, Integer.MAX_VALUE);

  /** Checks both ends. */
  public StepWindow {
    if (first < 0 || end <= first) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a window of steps begins at 0 or later and holds at least one step, but was from %s to before %s",
              first,
              end));
    }
  }

  /**
   * A window of a size.
   *
   * @param first from 0
   * @param size at least 1
   * @return the window
   */
  public static StepWindow of(int first, int size) {
    return new StepWindow(first, Math.addExact(first, size));
  }

  /**
   * Whether a step is one of them.
   *
   * @param step from 0
   * @return true inside
   */
  public boolean contains(int step) {
    return first <= step && step < end;
  }

  @Override
  public String toString() {
    return equals(ALL) ? "all steps" : String.format(Locale.ROOT, "steps %s to %s", first, end - 1);
  }
}

package org.tastemaker.examples.zo;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * A function with a budget of evaluations, which records the lowest value seen: the same accounting
 * for every method.
 *
 * <p>A point that is among the last few asked for is not counted again.
 */
final class Evaluations {
  private static final int RECENT = 32;

  private record Known(float[] point, double value) {}

  private final TestFunction function;
  private final int budget;
  private final Deque<Known> recent = new ArrayDeque<>();
  private int used;
  private int asked;
  private double lowest = Double.POSITIVE_INFINITY;

  Evaluations(TestFunction function, int budget) {
    this.function = function;
    this.budget = budget;
  }

  /** The value at a point; it may be infinite or NaN where a method has diverged. */
  double at(float[] point) {
    asked++;
    for (Known known : recent) {
      if (Arrays.equals(known.point, point)) {
        recent.remove(known);
        recent.addFirst(known);
        return known.value;
      }
    }
    if (used == budget) {
      throw new IllegalStateException("the budget of " + budget + " evaluations is spent");
    }
    used++;
    double value = function.value(point);
    if (value < lowest) {
      lowest = value;
    }
    recent.addFirst(new Known(point.clone(), value));
    if (recent.size() > RECENT) {
      recent.removeLast();
    }
    return value;
  }

  /**
   * Whether so many new points may still be evaluated. A method that has converged, and asks only
   * for known points, ends too.
   */
  boolean allow(int points) {
    return used + points <= budget && asked < 3 * budget;
  }

  int used() {
    return used;
  }

  double lowest() {
    return lowest;
  }
}

package org.tastemaker.human.improve;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/**
 * How long it takes from a click's arrival until the first new image of the next set is there: one
 * that nobody had seen before. Not thread-safe.
 */
final class Latency {
  private static final int KEPT = 201;

  private final LongSupplier nanos;
  private final Deque<Double> millis = new ArrayDeque<>(); // the latest first
  private long clickedAt;
  private boolean waiting;

  Latency(LongSupplier nanos) {
    this.nanos = nanos;
  }

  long now() {
    return nanos.getAsLong();
  }

  /** A click is answered with new images. */
  void clicked(long at) {
    clickedAt = at;
    waiting = true;
  }

  /** No new image is to come of the last click. */
  void nothingNew() {
    waiting = false;
  }

  /** A new image is there. */
  void arrived() {
    if (waiting) {
      waiting = false;
      millis.addFirst((now() - clickedAt) / 1e6);
      if (millis.size() > KEPT) {
        millis.removeLast();
      }
    }
  }

  int count() {
    return millis.size();
  }

  /** In milliseconds. */
  OptionalDouble last() {
    return millis.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(millis.getFirst());
  }

  /** In milliseconds, of the last 201 clicks. */
  OptionalDouble median() {
    if (millis.isEmpty()) {
      return OptionalDouble.empty();
    }
    List<Double> sorted = millis.stream().sorted().toList();
    int half = sorted.size() / 2;
    return OptionalDouble.of(
        sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2);
  }
}

package org.tastemaker.optim.rows;

import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The rows of a cargo, given out to several workers, and taken back from those that break off. */
final class RowQueue {
  private final RowCargo cargo;
  private final int attempts;
  private final ArrayDeque<WorkRow> fresh;
  private final ArrayDeque<Again> again = new ArrayDeque<>();
  private final List<String> losses = new ArrayList<>();
  private final List<String> givenUp = new ArrayList<>();
  private int workers;
  private int out; // parts that a worker has
  private boolean stopped;

  RowQueue(RowCargo cargo, int attempts, int workers) {
    this.cargo = cargo;
    this.attempts = attempts;
    this.workers = workers;
    this.fresh = new ArrayDeque<>(cargo.rows());
  }

  private record Again(WorkRow row, int attempt) {}

  /** Rows that one worker has. */
  static final class Part {
    private final Map<String, WorkRow> left = new LinkedHashMap<>();
    private final List<WorkRow> rows;
    private final int attempt;

    private Part(List<WorkRow> rows, int attempt) {
      this.rows = List.copyOf(rows);
      this.attempt = attempt;
      rows.forEach(row -> left.put(RowFormat.id(row), row));
    }

    List<WorkRow> rows() {
      return rows;
    }

    int attempt() {
      return attempt;
    }

    boolean isEmpty() {
      return rows.isEmpty();
    }

    /** Whether the worker was asked for it, and had not answered yet. */
    boolean done(String row) {
      return left.remove(row) != null;
    }
  }

  RowCargo cargo() {
    return cargo;
  }

  /** The next rows; waits while other workers may still lose theirs. Empty at the end. */
  synchronized Part next(int most) throws InterruptedException {
    while (!stopped && fresh.isEmpty() && again.isEmpty() && out > 0) {
      wait();
    }
    if (stopped || (fresh.isEmpty() && again.isEmpty())) {
      return new Part(List.of(), 1);
    }
    out++;
    if (!again.isEmpty()) { // alone, so that one that breaks every worker takes no others with it
      Again one = again.remove();
      return new Part(List.of(one.row()), one.attempt());
    }
    List<WorkRow> rows = new ArrayList<>();
    while (rows.size() < most && !fresh.isEmpty()) {
      rows.add(fresh.remove());
    }
    return new Part(rows, 1);
  }

  /** Takes back what was not answered. */
  synchronized void finish(Part part) {
    out--;
    for (WorkRow row : part.left.values()) {
      if (part.attempt() >= attempts) {
        givenUp.add(RowFormat.id(row));
      } else if (cargo.mayRepeat().test(row)) {
        again.add(new Again(row, part.attempt() + 1));
      }
    }
    notifyAll();
  }

  synchronized void lose(URI worker, Exception why) {
    losses.add(worker + ": " + why.getMessage());
    workers--;
    notifyAll();
  }

  synchronized void stop() {
    stopped = true;
    notifyAll();
  }

  /**
   * Checks that every row has been given out and answered.
   *
   * @throws IllegalStateException if no worker is left for some, or some were given up
   */
  synchronized void requireDone() {
    int left = fresh.size() + again.size();
    if (left > 0 || !givenUp.isEmpty()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s of %s rows could not be done: %s workers are left, %s rows broke off %s times"
                  + " each. What the workers said: %s",
              left + givenUp.size(),
              cargo.rows().size(),
              workers,
              givenUp.size(),
              attempts,
              losses));
    }
  }
}

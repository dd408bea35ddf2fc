package org.tastemaker.optim.rows;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * The rows of a cargo, given out to several workers, and taken back from those that break off: what
 * a {@link RowCarrier} does with them, whatever way it reaches its workers.
 *
 * <p>Rows go out a few at a time. One that was taken back goes out alone, so that a row that breaks
 * every worker takes no others with it; and only if {@link RowCargo#mayRepeat} says so, for it may
 * have been paid.
 *
 * <p>Thread-safe: each worker has a thread that takes {@link #next} and gives it back with {@link
 * #finish} until there is nothing left.
 */
public final class RowQueue {
  private static final int MOST_LOSSES = 100;

  private final RowCargo cargo;
  private final int attempts;
  private final ArrayDeque<WorkRow> fresh;
  private final ArrayDeque<Again> again = new ArrayDeque<>();
  private final List<String> losses = new ArrayList<>();
  private final List<String> givenUp = new ArrayList<>();
  private int workers;
  private int out; // parts that a worker has
  private boolean stopped;

  private RowQueue(RowCargo cargo, int attempts, int workers) {
    this.cargo = cargo;
    this.attempts = attempts;
    this.workers = workers;
    this.fresh = new ArrayDeque<>(cargo.rows());
  }

  /**
   * A queue.
   *
   * @param cargo the rows
   * @param attempts of a row before it is given up, at least 1
   * @param workers that take from it, at least 1
   * @return with all rows left to do
   */
  public static RowQueue of(RowCargo cargo, int attempts, int workers) {
    if (attempts < 1 || workers < 1) {
      throw new IllegalArgumentException(
          "attempts and workers must be at least 1, but were " + attempts + " and " + workers);
    }
    return new RowQueue(Objects.requireNonNull(cargo, "cargo == null"), attempts, workers);
  }

  private record Again(WorkRow row, int attempt) {}

  /** Rows that one worker has. Not thread-safe. */
  public static final class Part {
    private final Map<String, WorkRow> left = new LinkedHashMap<>();
    private final List<WorkRow> rows;
    private final int attempt;

    private Part(List<WorkRow> rows, int attempt) {
      this.rows = List.copyOf(rows);
      this.attempt = attempt;
      rows.forEach(row -> left.put(RowFormat.id(row), row));
    }

    /**
     * The rows.
     *
     * @return in the cargo's order
     */
    public List<WorkRow> rows() {
      return rows;
    }

    /**
     * The how many-th time these rows are given out.
     *
     * @return at least 1
     */
    public int attempt() {
      return attempt;
    }

    /**
     * Whether nothing is left to do.
     *
     * @return true at the end
     */
    public boolean isEmpty() {
      return rows.isEmpty();
    }

    /**
     * Notes that a row is done.
     *
     * @param row the {@linkplain RowFormat#id id} of a result that has come
     * @return whether the worker was asked for it, and had not answered yet
     */
    public boolean done(String row) {
      return left.remove(row) != null;
    }
  }

  RowCargo cargo() {
    return cargo;
  }

  /**
   * The next rows, of micro-batches one; waits while other workers may still lose theirs.
   *
   * @param most how many, at least 1
   * @return to be given back by {@link #finish}; empty at the end
   * @throws InterruptedException if this thread is interrupted while it waits
   */
  public synchronized Part next(int most) throws InterruptedException {
    while (!stopped && fresh.isEmpty() && again.isEmpty() && out > 0) {
      wait();
    }
    if (stopped || (fresh.isEmpty() && again.isEmpty())) {
      return new Part(List.of(), 1);
    }
    out++;
    if (!again.isEmpty()) { // alone, so that one that breaks every worker takes no others with it
      Again one = again.remove();
      return begun(new Part(List.of(one.row()), one.attempt()));
    }
    List<WorkRow> rows = new ArrayList<>();
    rows.add(fresh.remove());
    while (rows.size() < most
        && !fresh.isEmpty()
        && !(rows.get(0) instanceof WorkRow.Gradient)) { // few, and long: each goes alone
      rows.add(fresh.remove());
    }
    return begun(new Part(rows, 1));
  }

  private Part begun(Part part) {
    if (cargo.progress() != null) {
      cargo.progress().begun(part, part.rows(), part.attempt());
    }
    return part;
  }

  /**
   * Takes back what was not answered.
   *
   * @param part of {@link #next}
   */
  public synchronized void finish(Part part) {
    out--;
    if (cargo.progress() != null) {
      cargo.progress().ended(part);
    }
    for (WorkRow row : part.left.values()) {
      if (part.attempt() >= attempts) {
        givenUp.add(RowFormat.id(row));
      } else if (cargo.mayRepeat().test(row)) {
        again.add(new Again(row, part.attempt() + 1));
      }
    }
    notifyAll();
  }

  /**
   * Leaves a worker out.
   *
   * @param worker where it is
   * @param why for the message of {@link #requireDone}
   */
  public synchronized void lose(String worker, String why) {
    note(worker, why);
    workers--;
    notifyAll();
  }

  /**
   * Keeps what went wrong with a part, where its worker goes on.
   *
   * @param worker where it is
   * @param why for the message of {@link #requireDone}; the latest few are kept
   */
  public synchronized void note(String worker, String why) {
    losses.add(worker + ": " + why);
    if (losses.size() > MOST_LOSSES) {
      losses.remove(0);
    }
  }

  /** Gives out nothing more. */
  public synchronized void stop() {
    stopped = true;
    notifyAll();
  }

  /**
   * Checks that every row has been given out and answered.
   *
   * @throws IllegalStateException if no worker is left for some, or some were given up
   */
  public synchronized void requireDone() {
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

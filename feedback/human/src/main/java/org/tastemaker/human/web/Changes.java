package org.tastemaker.human.web;

import java.time.Duration;

/**
 * Counts changes, and lets requests wait for the next one: a page asks for what is newer than the
 * number that it knows, and its request is answered as soon as there is something.
 *
 * <p>Thread-safe.
 */
public final class Changes {
  private long number = 1;
  private boolean closed;

  /** No change yet. */
  public Changes() {}

  /**
   * The number of the latest change.
   *
   * @return at least 1
   */
  public synchronized long number() {
    return number;
  }

  /** Something has changed: whoever waits is woken. */
  public synchronized void signal() {
    number++;
    notifyAll();
  }

  /** Nobody waits any more. */
  public synchronized void close() {
    closed = true;
    notifyAll();
  }

  /**
   * Waits for a change after a given one.
   *
   * @param seen the number of the last change that the caller knows; 0 if it knows none
   * @param most how long to wait
   * @return the number now, equal to {@code seen} if nothing has happened meanwhile
   * @throws InterruptedException if the thread is interrupted
   */
  public synchronized long await(long seen, Duration most) throws InterruptedException {
    long end = System.nanoTime() + most.toNanos();
    while (number == seen && !closed) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        break;
      }
      wait(left);
    }
    return number;
  }
}

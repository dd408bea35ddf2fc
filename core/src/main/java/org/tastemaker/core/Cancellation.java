package org.tastemaker.core;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;

/**
 * A switch by which one thread asks another to end its work at the next safe point.
 *
 * <p>Long work takes one and looks at it between its steps. A cancelled sampler or run releases its
 * native arrays, leaves complete files only, and throws {@link CancellationException}.
 */
public final class Cancellation {
  private final CountDownLatch requested = new CountDownLatch(1);

  /** A switch that is off. */
  public Cancellation() {}

  /** Asks for the end. May be called from any thread, and more than once. */
  public void cancel() {
    requested.countDown();
  }

  /**
   * Whether the end was asked for.
   *
   * @return true from the first {@link #cancel} on
   */
  public boolean isRequested() {
    return requested.getCount() == 0;
  }

  /**
   * Waits until the end is asked for.
   *
   * @throws InterruptedException if the thread is interrupted before
   */
  public void await() throws InterruptedException {
    requested.await();
  }

  /**
   * Ends the caller's work if that was asked for.
   *
   * @param where what is interrupted, for the message, such as {@code "denoising step 7 of 50"}
   * @throws CancellationException if it was
   */
  public void throwIfRequested(String where) {
    if (isRequested()) {
      throw new CancellationException("cancelled at " + where);
    }
  }
}

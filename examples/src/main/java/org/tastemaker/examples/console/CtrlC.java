package org.tastemaker.examples.console;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.tastemaker.core.Cancellation;

/**
 * Turns Ctrl-C into a {@link Cancellation}, and keeps the process alive until the work has ended,
 * for a minute at most.
 */
public final class CtrlC implements AutoCloseable {
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook;

  /**
   * Listens until it is closed.
   *
   * @param cancellation requested when the process is about to end
   */
  public CtrlC(Cancellation cancellation) {
    hook =
        new Thread(
            () -> {
              cancellation.cancel();
              try { // time to end the step and to write the results
                if (!ended.await(60, TimeUnit.SECONDS)) {
                  return;
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // the process is already shutting down, and the hook waits for this call
    }
  }
}

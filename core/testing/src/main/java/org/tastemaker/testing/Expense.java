package org.tastemaker.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * What something cost the thread that did it.
 *
 * @param bytes allocated on the heap
 * @param nanos of time
 * @param failure what it threw, or null if it returned
 */
public record Expense(long bytes, long nanos, @Nullable Throwable failure) {
  /**
   * Does something and measures it.
   *
   * @param task what to do on this thread
   * @return what it cost, and how it ended; an Error is kept like an exception
   */
  public static Expense of(Callable<?> task) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().getId();
    Throwable failure = null;
    long before = threads.getThreadAllocatedBytes(id);
    long start = System.nanoTime();
    try {
      task.call();
    } catch (Throwable thrown) {
      failure = thrown;
    }
    long nanos = System.nanoTime() - start;
    return new Expense(threads.getThreadAllocatedBytes(id) - before, nanos, failure);
  }
}

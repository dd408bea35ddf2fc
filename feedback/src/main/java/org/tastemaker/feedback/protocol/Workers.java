package org.tastemaker.feedback.protocol;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs a list of calls on a few threads, the caller's among them, and stops at the first failure.
 *
 * <p>The caller works too, so that an executor that is busy, or that the caller itself runs on,
 * cannot cause a deadlock. When one call fails, the calls in flight finish: their answers are paid
 * for, and the cache must store them.
 */
final class Workers<T, R> {
  private final List<T> inputs;
  private final Function<T, R> call;
  private final @Nullable Object[] results;
  private int next;
  private int active;
  private boolean closed;
  private @Nullable Throwable failure;

  private Workers(List<T> inputs, Function<T, R> call) {
    this.inputs = inputs;
    this.call = call;
    this.results = new Object[inputs.size()];
  }

  /** Calls for each input; results in the order of the inputs. */
  static <T, R> List<R> map(
      List<T> inputs, int concurrency, @Nullable Executor executor, Function<T, R> call) {
    Workers<T, R> workers = new Workers<>(inputs, call);
    if (executor != null) {
      for (int helper = 1; helper < Math.min(concurrency, inputs.size()); helper++) {
        try {
          executor.execute(workers::work);
        } catch (RuntimeException | Error e) { // no thread: those that work finish first
          workers.fail(e);
          break;
        }
      }
    }
    workers.work();
    return workers.await();
  }

  private void work() {
    int i;
    synchronized (this) {
      if (closed) {
        return;
      }
      active++;
    }
    while ((i = take()) >= 0) {
      try {
        results[i] = call.apply(inputs.get(i));
      } catch (Throwable e) { // an Error too must reach the caller
        fail(e);
      }
    }
    synchronized (this) {
      active--;
      notifyAll();
    }
  }

  private synchronized void fail(Throwable e) {
    failure = failure == null ? e : failure;
  }

  private synchronized int take() {
    return failure != null || next == inputs.size() ? -1 : next++;
  }

  private synchronized List<R> await() {
    closed = true;
    boolean interrupted = false;
    while (active > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    if (failure != null) {
      throw new IllegalStateException("a call failed in a way that it does not declare", failure);
    }
    @SuppressWarnings("unchecked") // each was put there by call
    List<R> all = (List<R>) List.of(results);
    return all;
  }
}

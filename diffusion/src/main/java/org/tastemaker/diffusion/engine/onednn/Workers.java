package org.tastemaker.diffusion.engine.onednn;

import com.google.common.util.concurrent.Uninterruptibles;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import org.tastemaker.diffusion.engine.OpenMpThreads;

/**
 * Threads that each run one part of a function, with OpenMP's threads of their own. They wait
 * without spinning.
 */
final class Workers implements AutoCloseable {
  private final ExecutorService threads;

  Workers(int count, int threadsEach) {
    threads =
        Executors.newFixedThreadPool(
            count,
            work -> {
              Thread thread =
                  new Thread(
                      () -> {
                        OpenMpThreads.use(threadsEach);
                        work.run();
                      },
                      "tastemaker-onednn");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Runs a task for each index below a count, and waits for all of them, even if one fails or the
   * caller is interrupted: they write into memory that the caller owns.
   */
  void run(int count, IntConsumer task) {
    List<Future<?>> running = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int index = i;
      running.add(threads.submit(() -> task.accept(index)));
    }
    Throwable failure = null;
    for (Future<?> each : running) {
      try {
        Uninterruptibles.getUninterruptibly(each);
      } catch (ExecutionException e) {
        failure = failure == null ? e.getCause() : failure;
      }
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    } else if (failure instanceof Error e) {
      throw e;
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}

package org.tastemaker.optim.rows;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Carries rows to a worker of this process, in partitions, each on a thread of its own: for one
 * machine, and to try what a cluster does.
 */
public final class LocalCarrier implements RowCarrier {
  private final RowWorker worker;
  private final int partitions;

  private LocalCarrier(RowWorker worker, int partitions) {
    this.worker = worker;
    this.partitions = partitions;
  }

  /**
   * A carrier.
   *
   * @param worker does the rows; stays the caller's
   * @param partitions of the rows, at least 1; they change no result
   * @return the carrier
   */
  public static LocalCarrier of(RowWorker worker, int partitions) {
    if (partitions < 1) {
      throw new IllegalArgumentException("partitions must be at least 1, but was " + partitions);
    }
    return new LocalCarrier(Objects.requireNonNull(worker, "worker == null"), partitions);
  }

  @Override
  public void carry(RowCargo cargo, Consumer<ResultRow> taker) {
    for (RowAdapter adapter : cargo.adapters()) {
      if (!worker.hasAdapter(adapter.sha256())) {
        worker.take(adapter);
      }
    }
    List<WorkRow> rows = cargo.rows();
    int count = Math.min(partitions, rows.size());
    if (count <= 1) {
      worker.run(rows, 1, taker);
      return;
    }
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      List<Future<?>> parts = new ArrayList<>();
      for (int k = 0; k < count; k++) {
        List<WorkRow> part =
            rows.subList(
                (int) ((long) k * rows.size() / count), (int) ((k + 1L) * rows.size() / count));
        parts.add(threads.submit(() -> worker.run(part, 1, taker)));
      }
      for (Future<?> part : parts) {
        Threads.join(part);
      }
    } finally {
      threads.shutdownNow();
    }
  }
}

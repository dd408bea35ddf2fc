package org.tastemaker.optim.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Lock;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.tastemaker.optim.rows.RowAdapter;
import org.tastemaker.optim.rows.RowFormat;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.rows.RowWorker;
import org.tastemaker.optim.rows.WorkRow;

/**
 * What a task does, in an executor's process: rows in, {@link TaskReply}s out. All that travels is
 * bytes, so that any serializer of Spark's can carry it.
 */
final class RowTask implements FlatMapFunction<Iterator<Integer>, byte[]> {
  private static final long serialVersionUID = 1;

  private final Shared shared;
  private final int attempt;
  private final Broadcast<byte[][]> rows;

  /**
   * What all tasks of a cargo have in common.
   *
   * @param cargo its name, which no other has
   * @param setup of the worker
   * @param key of the setup
   * @param hashes of the adapters
   * @param adapters their bytes, fetched where they are missing
   */
  record Shared(
      String cargo, RowSetup setup, String key, String[] hashes, Broadcast<byte[][]> adapters)
      implements Serializable {}

  RowTask(Shared shared, int attempt, Broadcast<byte[][]> rows) {
    this.shared = shared;
    this.attempt = attempt;
    this.rows = rows;
  }

  @Override
  public Iterator<byte[]> call(Iterator<Integer> unused) {
    TaskContext task = TaskContext.get();
    if (task.attemptNumber() > 0 || task.stageAttemptNumber() > 0) {
      // The rows may have been paid for. The driver says whether they are done again.
      return List.of(TaskReply.of("an executor was lost, and Spark started its task again"))
          .iterator();
    }
    Lock gate = CargoGate.enter(shared.cargo());
    try {
      return replies(task);
    } finally {
      gate.unlock();
    }
  }

  private Iterator<byte[]> replies(TaskContext task) {
    List<byte[]> replies = Collections.synchronizedList(new ArrayList<>());
    try (ProcessWorkers.Lease lease = ProcessWorkers.lease(shared.key(), shared.setup())) {
      List<WorkRow> work = new ArrayList<>();
      for (byte[] row : rows.value()) {
        work.add(RowFormat.readWork(row));
      }
      bring(lease.worker());
      lease
          .worker()
          .run(
              work,
              attempt,
              result -> {
                replies.add(TaskReply.of(result));
                if (task.isInterrupted()) { // the other rows are not begun
                  throw new CancellationException("the task was cancelled");
                }
              });
    } catch (RuntimeException e) {
      // Beside the results that there are, which count.
      replies.add(TaskReply.of("executor " + ProcessWorkers.executor() + ": " + e));
    }
    return new ArrayList<>(replies).iterator();
  }

  private void bring(RowWorker worker) {
    for (int i = 0; i < shared.hashes().length; i++) {
      if (!worker.hasAdapter(shared.hashes()[i])) {
        worker.take(RowAdapter.ofBytes(shared.adapters().value()[i]));
      }
    }
  }
}

package org.tastemaker.optim.spark;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.tastemaker.optim.rows.ResultRow;
import org.tastemaker.optim.rows.RowAdapter;
import org.tastemaker.optim.rows.RowCargo;
import org.tastemaker.optim.rows.RowCarrier;
import org.tastemaker.optim.rows.RowFormat;
import org.tastemaker.optim.rows.RowQueue;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.rows.Threads;
import org.tastemaker.optim.rows.WorkRow;

/**
 * Carries rows to the executors of a Spark cluster, each of which has one {@link
 * org.tastemaker.optim.rows.RowWorker}.
 *
 * <pre>{@code
 * SparkConf conf = SparkSettings.threads(new SparkConf().setAppName("alignment"), 8);
 * try (JavaSparkContext spark = new JavaSparkContext(conf);
 *     SparkCarrier carrier = SparkCarrier.of(spark, setup, SparkCarrier.Options.defaults())) {
 *   RowDriver driver = RowDriver.of(carrier).keeping(RowStore.in(folder)).within(budget);
 * }
 * }</pre>
 *
 * <p>A few rows are a task of their own, and the next goes out when one is done, so that a fast
 * executor does more, and a result is here when its task is, not when all are. Results come back as
 * rows, with what they have cost; Spark's accumulators, which forget what a failed task spent and
 * count it again in a second action, have no part in it.
 *
 * <p><b>Nothing is paid twice unless it may be.</b> A task that Spark starts again, because an
 * executor was lost, asks nothing: its rows come back without results, and the driver gives them
 * out again, alone, if {@link RowCargo#mayRepeat} allows it. For the same reason a context with
 * {@code spark.speculation} is refused: the second copy of a task would win.
 *
 * <p>Executors that ask a judge have two cores or more: with one, its last questions of a task wait
 * alone. A task has several times the questions that are asked at once.
 *
 * <p>The answers of a task that is lost are lost with it, unless {@link RowSetup#answers} names a
 * folder that all executors share. Thread-safe, as far as the taker is.
 */
public final class SparkCarrier implements RowCarrier, AutoCloseable {
  private static final int LEAST_TASKS = 64;

  private final JavaSparkContext spark;
  private final RowSetup setup;
  private final String key;
  private final Options options;

  /**
   * How rows are carried.
   *
   * @param rowsPerTask at least 1: for images a batch of the model or more, for judgements {@link
   *     RowSetup#questions} or more
   * @param attempts of a row before it is given up, at least 1
   * @param tasks that are out at once, at least 0; 0 for twice as many as the executors have cores
   *     when rows are carried, and at least 64, so that executors that come later find work waiting
   */
  @RecordBuilder
  public record Options(int rowsPerTask, int attempts, int tasks)
      implements SparkCarrierOptionsBuilder.With {
    public Options {
      if (rowsPerTask < 1 || attempts < 1 || tasks < 0) {
        throw new IllegalArgumentException(
            "rowsPerTask and attempts must be at least 1, and tasks at least 0, but were "
                + rowsPerTask
                + ", "
                + attempts
                + " and "
                + tasks);
      }
    }

    /**
     * 8 rows for a task, 3 attempts, at least 64 tasks.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(8, 3, 0);
    }
  }

  private SparkCarrier(JavaSparkContext spark, RowSetup setup, Options options) {
    this.spark = Objects.requireNonNull(spark, "spark == null");
    this.setup = Objects.requireNonNull(setup, "setup == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.key = SetupKey.of(setup);
    SparkSettings.requireNoSpeculation(spark.getConf());
  }

  /**
   * A carrier.
   *
   * @param spark stays the caller's, open
   * @param setup of each executor's worker: one for all that the run needs
   * @param options how rows are carried
   * @return the carrier: the caller closes it before the context
   * @throws IllegalArgumentException if the context has {@code spark.speculation}, or the setup
   *     cannot be sent
   */
  public static SparkCarrier of(JavaSparkContext spark, RowSetup setup, Options options) {
    return new SparkCarrier(spark, setup, options);
  }

  @Override
  public void carry(RowCargo cargo, Consumer<ResultRow> taker) {
    SetupKey.requireFits(cargo.rows(), setup);
    if (cargo.rows().isEmpty()) {
      return;
    }
    boolean alone = cargo.rows().get(0) instanceof WorkRow.Gradient;
    int parts = (cargo.rows().size() - 1) / (alone ? 1 : options.rowsPerTask()) + 1;
    int tasks = Math.min(mostTasks(), parts);
    RowQueue queue = RowQueue.of(cargo, options.attempts(), tasks);
    String group = "rows " + UUID.randomUUID(); // of jobs, and no other carrier's
    Broadcast<byte[][]> adapters =
        spark.broadcast(cargo.adapters().stream().map(RowAdapter::bytes).toArray(byte[][]::new));
    String[] hashes = cargo.adapters().stream().map(RowAdapter::sha256).toArray(String[]::new);
    ExecutorService threads = Executors.newFixedThreadPool(tasks);
    CargoGate.open(group);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < tasks; i++) {
        all.add(
            threads.submit(
                () -> {
                  spark.setJobGroup(group, "rows of a run", false);
                  try {
                    serve(queue, new RowTask.Shared(group, setup, key, hashes, adapters), taker);
                  } catch (RuntimeException | Error e) {
                    stop(queue, group); // the taker's, or the context's: nothing more is wanted
                    throw e;
                  }
                }));
      }
      all.forEach(Threads::join);
    } finally {
      stop(queue, group);
      threads.shutdownNow();
      Threads.awaitEnd(threads); // the taker is not called after this method
      CargoGate.close(group);
      if (!spark.sc().isStopped()) {
        adapters.destroy();
      }
    }
    queue.requireDone();
  }

  private int mostTasks() {
    return options.tasks() > 0
        ? options.tasks()
        : Math.max(LEAST_TASKS, 2 * spark.defaultParallelism());
  }

  /** Tasks one after the other, until there is nothing left to do. */
  private void serve(RowQueue queue, RowTask.Shared shared, Consumer<ResultRow> taker) {
    try {
      while (true) {
        RowQueue.Part part = queue.next(options.rowsPerTask());
        if (part.isEmpty()) {
          return;
        }
        try {
          run(queue, part, shared, taker);
        } finally {
          queue.finish(part);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while rows were carried");
    }
  }

  /** Also ends what is out, so that nothing is paid for that nobody waits for. */
  private void stop(RowQueue queue, String group) {
    queue.stop();
    if (!spark.sc().isStopped()) {
      spark.sc().cancelJobGroupAndFutureJobs(group);
    }
  }

  private void run(
      RowQueue queue, RowQueue.Part part, RowTask.Shared shared, Consumer<ResultRow> taker)
      throws InterruptedException {
    List<byte[]> replies;
    // Images make a task larger than Spark sends with it, so they go as a broadcast too.
    Broadcast<byte[][]> rows =
        spark.broadcast(part.rows().stream().map(RowFormat::write).toArray(byte[][]::new));
    try {
      RowTask task = new RowTask(shared, part.attempt(), rows);
      replies = spark.parallelize(List.of(part.attempt()), 1).mapPartitions(task).collect();
    } catch (Exception e) { // Scala throws checked exceptions without saying so
      if (e instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      if (spark.sc().isStopped()) {
        throw new IllegalStateException("the Spark context was stopped while rows were out", e);
      }
      queue.note("Spark", String.valueOf(e.getMessage()));
      return;
    } finally {
      if (!spark.sc().isStopped()) {
        rows.destroy();
      }
    }
    for (byte[] reply : replies) {
      TaskReply read = TaskReply.read(reply);
      if (read.result() == null) {
        queue.note("Spark", read.words());
      } else if (part.done(read.result().row())) {
        taker.accept(read.result());
      }
    }
  }

  /**
   * Closes the worker of this process, which there is where Spark is local. Those of the executors
   * end with the application, or when a task of another setup comes.
   */
  @Override
  public void close() {
    ProcessWorkers.retire(key);
  }
}

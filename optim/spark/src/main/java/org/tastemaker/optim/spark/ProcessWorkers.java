package org.tastemaker.optim.spark;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.rows.RowWorker;

/**
 * The worker of this process, which all tasks in it share: a model is loaded once. Static, because
 * tasks have nothing else in common.
 *
 * <p>A worker is open until one of another setup is wanted and it has no task, so that a process
 * has one model. A run that takes turns between two setups loads a model each time: its carrier
 * should have one setup for all.
 */
final class ProcessWorkers {
  private static final Map<String, Held> OPEN = new HashMap<>();
  private static int opened;

  private ProcessWorkers() {}

  private static final class Held {
    final RowWorker worker;
    int tasks;
    boolean retired;

    Held(RowWorker worker) {
      this.worker = worker;
    }
  }

  /**
   * A task's use of the worker, which is not closed meanwhile.
   *
   * @param key of the setup
   * @param worker shared
   */
  record Lease(String key, RowWorker worker) implements AutoCloseable {
    @Override
    public void close() {
      giveBack(key);
    }
  }

  /** Opens the worker if it is not open; other tasks wait until it is. */
  static synchronized Lease lease(String key, RowSetup setup) {
    Held held = OPEN.get(key);
    if (held == null) {
      List<String> others = new ArrayList<>(OPEN.keySet());
      others.forEach(ProcessWorkers::retire);
      held = new Held(RowWorker.open(setup, name(opened++)));
      OPEN.put(key, held);
    }
    held.retired = false;
    held.tasks++;
    return new Lease(key, held.worker);
  }

  /** Closes a worker, at once or when its last task ends. */
  static synchronized void retire(String key) {
    Held held = OPEN.get(key);
    if (held != null) {
      held.retired = true;
      closeIfIdle(key, held);
    }
  }

  private static synchronized void giveBack(String key) {
    Held held = OPEN.get(key);
    if (held != null) {
      held.tasks--;
      closeIfIdle(key, held);
    }
  }

  private static void closeIfIdle(String key, Held held) {
    if (held.retired && held.tasks == 0) {
      OPEN.remove(key);
      held.worker.close();
    }
  }

  /** One that no other worker has, also of another process or an earlier one of this process. */
  private static String name(int index) {
    return RowWorker.processName(SparkEnv.get().conf().getAppId() + "-" + executor()) + "-" + index;
  }

  /** This process as Spark calls it, for people, such as {@code 3-host}. */
  static String executor() {
    SparkEnv process = SparkEnv.get();
    return process.executorId() + "-" + process.blockManager().blockManagerId().host();
  }
}

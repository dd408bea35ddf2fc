package org.tastemaker.optim.spark;

import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.apache.spark.SparkEnv;

/**
 * Keeps tasks of a cargo that nobody waits for out of the driver's own process, where Spark is
 * local: when a job is cancelled Spark says so at once, but its tasks go on, and some have yet to
 * start. Static, because driver and tasks have nothing else in common.
 */
final class CargoGate {
  private static final Map<String, ReentrantReadWriteLock> OPEN = new ConcurrentHashMap<>();

  private CargoGate() {}

  /** Lets tasks of a cargo in. */
  static void open(String cargo) {
    OPEN.put(cargo, new ReentrantReadWriteLock());
  }

  /** Lets none in any more, and waits for those that are in this process. */
  static void close(String cargo) {
    ReentrantReadWriteLock gate = OPEN.get(cargo);
    if (gate != null) {
      gate.writeLock().lock(); // and it stays locked, for a task that has found the gate already
      OPEN.remove(cargo);
    }
  }

  /**
   * Lets a task in, which unlocks what it is given in the same thread.
   *
   * @throws CancellationException if nobody waits for it
   */
  static Lock enter(String cargo) {
    ReentrantReadWriteLock gate =
        SparkEnv.get().executorId().equals("driver")
            ? OPEN.get(cargo)
            : new ReentrantReadWriteLock(); // an executor's tasks end with its process
    if (gate == null || !gate.readLock().tryLock()) {
      throw new CancellationException("nobody waits for these rows");
    }
    return gate.readLock();
  }
}

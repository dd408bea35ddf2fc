package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.jspecify.annotations.Nullable;

/**
 * The packed weights of functions that read the same arrays: a model's functions for several batch
 * sizes, with gradients and without, with an adapter and without.
 *
 * <p><b>Who owns them.</b> The functions do, together: a new one joins those that it is made beside
 * ({@code Engine.create(graph, siblings)}), and the last function that uses a weight frees it. So
 * there is nothing to close but functions, and nothing is found that belongs to a model which is
 * gone. The engine could not own them: it is found through a static field and lives as long as the
 * process. Neither could the graph's definition, which each function has for itself.
 *
 * <p><b>When they are made.</b> What a weight is made of is known by its {@link
 * PackedWeight.Source} and its format, which say all that there is to know of its numbers; so
 * functions share it whatever they are compiled for. Changes are counted: {@code
 * parametersChanged}, of any of the functions, is one, and so is the first run of a function. A
 * function that is about to run makes those of its weights that were made before the latest change,
 * all others are as they should be. So a change makes a weight anew once, whoever uses it. A
 * function that was not told of a change sees it too, and sees it in all its weights: it reads the
 * same arrays as the one that was told, and there is no telling apart what was changed for one of
 * them.
 *
 * <p><b>Threads.</b> Runs of functions hold the lock that many may hold, and weights are made under
 * the one that excludes them. So no run reads a weight that is half made; a function that is told
 * of a change waits for the runs of the others before it makes its weights.
 */
final class SharedWeights {
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final AtomicLong changes = new AtomicLong();
  private final List<PackedWeight> weights = new ArrayList<>();

  /**
   * A weight that a function is there for, which has one user more from now on.
   *
   * @return null if nobody has made a place for it
   */
  synchronized @Nullable PackedWeight acquire(PackedWeight.Source source, dnnl_memory_desc layout) {
    for (PackedWeight each : weights) {
      if (each.is(source, layout)) {
        each.acquire();
        return each;
      }
    }
    return null;
  }

  /** Shows weights to functions that are compiled from now on; their steps must be bound. */
  synchronized void publish(List<PackedWeight> more) {
    weights.addAll(more);
  }

  /** One user less for each of these. */
  synchronized void release(List<PackedWeight> used) {
    for (PackedWeight each : used) {
      if (each.release()) {
        weights.remove(each);
      }
    }
  }

  /** The size of all packed weights, in bytes. */
  synchronized long bytes() {
    return weights.stream().mapToLong(PackedWeight::bytes).sum();
  }

  /** Weights that were made before this are old. */
  void changed() {
    changes.incrementAndGet();
  }

  /**
   * Makes weights that are old.
   *
   * @return the change after which all of them were made
   */
  long make(List<PackedWeight> used) {
    lock.writeLock().lock();
    try {
      long change = changes.get();
      used.forEach(weight -> weight.make(change));
      return change;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Runs something that reads weights, while none is made. */
  void read(Runnable run) {
    lock.readLock().lock();
    try {
      run.run();
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * The same for weights that must not be old.
   *
   * @param madeAfter what {@link #make} returned
   * @return whether it was run; otherwise something has changed since
   */
  boolean readIfCurrent(long madeAfter, Runnable run) {
    lock.readLock().lock();
    try {
      boolean current = madeAfter == changes.get();
      if (current) {
        run.run();
      }
      return current;
    } finally {
      lock.readLock().unlock();
    }
  }
}

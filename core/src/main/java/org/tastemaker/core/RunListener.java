package org.tastemaker.core;

import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * Watches a run. A listener only observes: what it does cannot change the run, and what it throws
 * cannot stop it when it is called through {@link #all}.
 */
@FunctionalInterface
public interface RunListener {
  /**
   * Takes note of an event. Called on the run's own thread: be quick, or hand over to another.
   *
   * @param event what happened
   */
  void on(RunEvent event);

  /**
   * The listener that ignores everything.
   *
   * @return does nothing
   */
  static RunListener none() {
    return event -> {};
  }

  /**
   * Several listeners as one. Each hears every event in the given order; one that throws is logged,
   * and neither the others nor the run notice.
   *
   * @param listeners whom to tell
   * @return a listener that never throws a {@link RuntimeException}
   */
  static RunListener all(RunListener... listeners) {
    List<RunListener> copy = List.of(listeners);
    return event -> {
      for (RunListener listener : copy) {
        try {
          listener.on(event);
        } catch (RuntimeException e) {
          LoggerFactory.getLogger(RunListener.class)
              .warn("listener {} failed on {}", listener, event.getClass().getSimpleName(), e);
        }
      }
    };
  }
}

package org.tastemaker.optim.guard;

import java.util.Map;
import java.util.Optional;
import org.tastemaker.core.json.JsonObject;

/**
 * Watches a run for one kind of trouble. Not thread-safe.
 *
 * <p>The reason to stop is a function of what {@link #save} gives and of the guard's options: a run
 * that has been stopped and is resumed stops again, unless the options have changed.
 */
public interface Guard {
  /**
   * Takes note of a round's images and rewards, after the model has learned from them.
   *
   * @param seen what the round had
   * @return what there is to say; nothing, unless a guard says otherwise
   */
  default Findings round(Observation seen) {
    return Findings.NONE;
  }

  /**
   * Takes note of what a round has measured, also of one without images of its own, as in training
   * on pairs.
   *
   * @param round its number
   * @param measured by name
   * @return what there is to say; nothing, unless a guard says otherwise
   */
  default Findings metrics(long round, Map<String, Double> measured) {
    return Findings.NONE;
  }

  /**
   * Takes note of an evaluation.
   *
   * @param seen what it had; the same prompts and seeds each time
   * @return what there is to say; nothing, unless a guard says otherwise
   */
  default Findings evaluation(Observation seen) {
    return Findings.NONE;
  }

  /**
   * Whether the run is to end now.
   *
   * @return why, and what can be done about it; empty where it goes on
   */
  Optional<String> reasonToStop();

  /**
   * What has been seen so far, for a checkpoint.
   *
   * @return in JSON's types
   */
  Map<String, Object> save();

  /**
   * Restores what {@link #save} gave.
   *
   * @param saved the same, read
   */
  void restore(JsonObject saved);
}

package org.tastemaker.watch;

import java.util.List;
import java.util.Map;

/** Something to be sent to MLflow, as its API takes it. */
sealed interface MlflowItem {
  /**
   * A number.
   *
   * @param name of the metric
   * @param value finite
   * @param time when it was measured, in milliseconds since 1970
   * @param step of the run
   */
  record Measured(String name, double value, long time, long step) {}

  /** Numbers of one event. */
  record Numbers(List<Measured> numbers) implements MlflowItem {}

  /** Words. */
  record Tag(String name, String value) implements MlflowItem {}

  /** Settings of the run. */
  record Settings(Map<String, String> values) implements MlflowItem {}

  /** The run has ended; nothing comes after it. */
  record End(boolean finished, long time) implements MlflowItem {}
}

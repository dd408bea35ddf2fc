package org.tastemaker.examples.experiments;

import java.util.List;

/**
 * A line of the table: a measurement over some prompts.
 *
 * @param title such as {@code consistency, prompts not trained on}
 * @param measurement a name that {@link Findings} knows
 * @param prompts over which; empty for all that it has
 */
record Row(String title, String measurement, List<String> prompts) {
  Row {
    prompts = List.copyOf(prompts);
  }

  static Row of(String measurement) {
    return new Row(measurement, measurement, List.of());
  }
}

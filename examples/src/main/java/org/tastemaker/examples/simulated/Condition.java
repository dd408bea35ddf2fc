package org.tastemaker.examples.simulated;

import java.util.Locale;

/**
 * A judge and a way to ask it.
 *
 * @param faults of the judge
 * @param asking how it is asked
 */
record Condition(Faults faults, Asking asking) {
  /** For files. */
  String id() {
    return faults.words().replace(",", "").replace(' ', '-').toLowerCase(Locale.ROOT)
        + "."
        + asking.id();
  }

  /** For tables. */
  String title() {
    return faults.words() + "; " + asking.title();
  }
}

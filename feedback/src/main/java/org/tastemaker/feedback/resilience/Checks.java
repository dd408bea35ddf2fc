package org.tastemaker.feedback.resilience;

import java.time.Duration;

/** Checks of options. */
final class Checks {
  private Checks() {}

  static void require(boolean fits, String message) {
    if (!fits) {
      throw new IllegalArgumentException("options of the caller: " + message);
    }
  }

  static void requirePositive(String name, Duration value) {
    require(!value.isNegative() && !value.isZero(), name + " must be over 0, but was " + value);
  }
}

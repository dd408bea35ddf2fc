package org.tastemaker.optim.preference;

/** Checks that the options of several methods share. */
final class OptionChecks {
  private OptionChecks() {}

  static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  static void positive(String name, double value) {
    require(
        value > 0 && Double.isFinite(value),
        name + " must be above 0 and finite, but was " + value);
  }

  /** What is counted in pairs and in rows of which two are a pair. */
  static void pairs(int updates, int batch, int microBatch) {
    require(updates >= 1, "updates must be at least 1, but was " + updates);
    require(batch >= 1, "batch must be at least 1, but was " + batch);
    require(
        microBatch >= 2,
        "microBatch must be at least 2, since a pair's two rows go through the U-Net together, but"
            + " was "
            + microBatch);
  }
}

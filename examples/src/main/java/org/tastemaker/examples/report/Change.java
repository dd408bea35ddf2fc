package org.tastemaker.examples.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.measure.Estimate;

/** What the interval of a change says. */
enum Change {
  /** The interval is above 0. */
  UP,
  /** The interval is below 0. */
  DOWN,
  /** The interval includes 0. */
  UNCLEAR,
  /** There is no interval. */
  UNKNOWN;

  static Change of(Estimate change) {
    if (!Double.isFinite(change.value())
        || !Double.isFinite(change.low())
        || !Double.isFinite(change.high())) {
      return UNKNOWN;
    }
    return change.low() > 0 ? UP : change.high() < 0 ? DOWN : UNCLEAR;
  }

  /** Whoever reads a row subtracts: its change must be what is after minus what was before. */
  static void require(String name, double before, double after, double change) {
    double off = change - (after - before);
    double size = Math.max(1, Math.abs(before) + Math.abs(after));
    if (Math.abs(off) > 1e-9 * size) { // false where one of them does not exist
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the change of '%s' must be after minus before, of the same prompts with the same weights, but %s - %s is not %s",
              name,
              after,
              before,
              change));
    }
  }

  /**
   * The change from before to after: the mean of all differences, with a bootstrap over prompts.
   * One prompt has no spread to learn from, so there is no interval then.
   */
  static Estimate between(Map<String, double[]> differences, int n, Seed seed) {
    List<double[]> groups = new ArrayList<>(new TreeMap<>(differences).values());
    if (groups.size() < 2) {
      return new Estimate(Estimate.mean(groups), Double.NaN, Double.NaN, n);
    }
    return Estimate.bootstrap(groups, Estimate::mean, n, seed);
  }
}

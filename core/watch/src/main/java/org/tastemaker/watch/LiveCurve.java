package org.tastemaker.watch;

import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.page.Plot;

/**
 * A metric over the rounds, in a bounded number of points: where there are too many, each two
 * neighbours become one, their mean with the range of both.
 */
final class LiveCurve {
  /** More do not fit into the width of a picture. */
  static final int MOST = 400;

  private final List<Bin> bins = new ArrayList<>();
  private int width = 1; // rounds that a full bin has

  /** Rounds up to {@code last}; NaN where none of them has a value. */
  private record Bin(long last, int rounds, int values, double sum, double low, double high) {
    static Bin of(long round, double value) {
      return Double.isFinite(value)
          ? new Bin(round, 1, 1, value, value, value)
          : new Bin(round, 1, 0, 0, Double.NaN, Double.NaN);
    }

    Bin and(Bin next) {
      if (values == 0 || next.values == 0) {
        Bin some = values == 0 ? next : this;
        return new Bin(next.last, rounds + next.rounds, some.values, some.sum, some.low, some.high);
      }
      return new Bin(
          next.last,
          rounds + next.rounds,
          values + next.values,
          sum + next.sum,
          Math.min(low, next.low),
          Math.max(high, next.high));
    }

    Plot.Point point() {
      double none = Double.NaN;
      return values > 1
          ? new Plot.Point(last, sum / values, low, high)
          : new Plot.Point(last, values == 0 ? none : sum, none, none);
    }
  }

  /** Adds a round's value; a second one for the latest round takes the first one's place. */
  void add(long round, double value) {
    Bin latest = bins.isEmpty() ? null : bins.get(bins.size() - 1);
    if (latest != null && latest.rounds == 1 && latest.last == round) {
      bins.remove(bins.size() - 1);
      latest = bins.isEmpty() ? null : bins.get(bins.size() - 1);
    }
    if (latest != null && latest.rounds < width) {
      bins.set(bins.size() - 1, latest.and(Bin.of(round, value)));
    } else {
      bins.add(Bin.of(round, value));
    }
    if (bins.size() > MOST) {
      width *= 2;
      for (int i = 0; i + 1 < bins.size(); i++) {
        bins.set(i, bins.get(i).and(bins.remove(i + 1)));
      }
    }
  }

  /** Forgets a round that is about to be repeated, and those after it. */
  void goBackTo(long round) {
    bins.removeIf(bin -> bin.last >= round);
  }

  /** The points, of which some have a value; nothing if none has. */
  List<Plot.Point> points() {
    return bins.stream().anyMatch(bin -> bin.values > 0)
        ? bins.stream().map(Bin::point).toList()
        : List.of();
  }
}

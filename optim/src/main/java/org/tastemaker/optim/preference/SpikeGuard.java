package org.tastemaker.optim.preference;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.json.JsonObject;

/**
 * Leaves out an update that is far from those before it. Preference losses are known to run well
 * for hundreds of updates, and then to spike and turn a model's images into noise; the gradient's
 * bound alone does not help, since it keeps a bad gradient's direction.
 *
 * <pre>
 *   an update is left out where, of its loss or of the mean of its inside terms' absolute values,
 *     value &gt; max(floor, factor x median of the last accepted updates' values)
 * </pre>
 *
 * <p>The statistic is a median, so that a spike below the bound does not raise it, and of accepted
 * updates alone. Nothing is left out before a number of updates have been seen. When several
 * updates in a row are left out, this is no spike any more, and the step ends as diverged.
 */
public final class SpikeGuard {
  private final Options options;
  private Deque<Double> losses = new ArrayDeque<>();
  private Deque<Double> insides = new ArrayDeque<>();
  private int skippedInARow;

  SpikeGuard(Options options) {
    this.options = options;
  }

  /**
   * What the guard remembers.
   *
   * @param losses of the last accepted updates, oldest first
   * @param insides the mean absolute inside terms of them
   * @param skippedInARow how many updates have been left out since
   */
  record State(List<Double> losses, List<Double> insides, int skippedInARow) {
    State {
      losses = List.copyOf(losses);
      insides = List.copyOf(insides);
    }

    /** For a checkpoint. */
    Map<String, Object> toJson() {
      Map<String, Object> json = new TreeMap<>();
      json.put("losses", losses);
      json.put("insides", insides);
      json.put("skippedInARow", skippedInARow);
      return json;
    }

    static State parse(JsonObject json) {
      return new State(
          json.numbers("losses"), json.numbers("insides"), json.integer("skippedInARow"));
    }
  }

  State state() {
    return new State(new ArrayList<>(losses), new ArrayList<>(insides), skippedInARow);
  }

  void restore(State state) {
    losses = new ArrayDeque<>(state.losses());
    insides = new ArrayDeque<>(state.insides());
    skippedInARow = state.skippedInARow();
  }

  /**
   * Looks at an update before it is made, and remembers it if it is to be made.
   *
   * @param where the step, for messages
   * @param loss its mean loss, finite
   * @param inside the mean of its inside terms' absolute values, finite
   * @return why it is to be left out; empty where it is to be made
   * @throws DivergedException if too many in a row are left out
   */
  Optional<String> examine(String where, double loss, double inside) {
    Optional<String> reason =
        above("loss", loss, options.lossFloor(), losses)
            .or(() -> above("inside term", inside, options.insideFloor(), insides));
    if (reason.isEmpty()) {
      remember(losses, loss);
      remember(insides, inside);
      skippedInARow = 0;
    } else if (++skippedInARow > options.patience()) {
      throw new DivergedException(
          where,
          reason.get()
              + ", and so it was with the "
              + options.patience()
              + " updates before: resume the run with a lower learning rate or a higher beta, or"
              + " with a larger patience of the spike guard if the loss is on its new level");
    }
    return reason;
  }

  private Optional<String> above(String what, double value, double floor, Deque<Double> accepted) {
    if (accepted.size() < options.warmUp() || options.factor() == Double.POSITIVE_INFINITY) {
      return Optional.empty();
    }
    double median = median(accepted);
    return value > Math.max(floor, options.factor() * median)
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "the %s is %s, where the median of the last %s updates is %s",
                what,
                value,
                accepted.size(),
                median))
        : Optional.empty();
  }

  private static double median(Deque<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private void remember(Deque<Double> values, double value) {
    values.addLast(value);
    while (values.size() > options.window()) {
      values.removeFirst();
    }
  }

  /**
   * When an update is left out.
   *
   * @param factor by which a value must be above the median, above 1; infinite for no guard
   * @param lossFloor a loss up to it is never a spike, at least 0
   * @param insideFloor an inside term up to it is never a spike, at least 0
   * @param window how many accepted updates the median is of, at least 1
   * @param warmUp how many of them there must be first, 1 to window
   * @param patience how many updates in a row are left out before the step ends as diverged, at
   *     least 0
   */
  @RecordBuilder
  public record Options(
      double factor, double lossFloor, double insideFloor, int window, int warmUp, int patience)
      implements SpikeGuardOptionsBuilder.With {
    public Options {
      require(factor > 1, "factor must be above 1, but was " + factor);
      require(lossFloor >= 0, "lossFloor must be at least 0, but was " + lossFloor);
      require(insideFloor >= 0, "insideFloor must be at least 0, but was " + insideFloor);
      require(window >= 1, "window must be at least 1, but was " + window);
      require(
          warmUp >= 1 && warmUp <= window,
          "warmUp must be 1 to the window of " + window + ", but was " + warmUp);
      require(patience >= 0, "patience must be at least 0, but was " + patience);
    }

    /**
     * Ten times the median of the last 50 updates, from the 20th on, a loss above 1 or an inside
     * term above 10; after five in a row the step has diverged. A sigmoid loss begins at 0.69, and
     * people report spikes above 1 where it had been 0.05.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(10, 1, 10, 50, 20, 5);
    }

    /**
     * No update is ever left out.
     *
     * @return the options
     */
    public static Options none() {
      return defaults().withFactor(Double.POSITIVE_INFINITY);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}

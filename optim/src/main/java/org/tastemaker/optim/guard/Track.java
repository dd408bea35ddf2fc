package org.tastemaker.optim.guard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.tastemaker.core.json.JsonObject;

/** The first and the latest of a row of measurements: where it began, and where it is. */
final class Track {
  private final String what; // such as "evaluation"
  private final int window;
  private final List<Map<String, Double>> first = new ArrayList<>();
  private final List<Map<String, Double>> latest = new ArrayList<>();
  private int count; // up to twice the window, from which on nothing depends on it
  private long round;

  /**
   * A number then and now.
   *
   * @param before the mean of the first measurements
   * @param now the mean of the latest
   */
  record Change(double before, double now) {}

  /**
   * Nothing measured yet.
   *
   * @param what one measurement is of, for messages
   * @param window of how many the beginning and the present are means
   */
  Track(String what, int window) {
    this.what = what;
    this.window = window;
  }

  void add(long atRound, Map<String, Double> measured) {
    round = atRound;
    // Of a run that is resumed with a larger window, the beginning is over.
    if (first.size() < window && first.size() == count) {
      first.add(measured);
    }
    count = Math.min(count + 1, 2 * window);
    latest.add(measured);
    if (latest.size() > window) {
      latest.remove(0);
    }
  }

  /** Whether the beginning and the present have nothing in common. */
  boolean isFull() {
    return count >= 2 * window;
  }

  /** Of how many measurements the beginning and the present are means, once they are full. */
  int window() {
    return window;
  }

  /** A number's change, as far as it is known; empty before the second measurement. */
  Optional<Change> change(String name) {
    int half = Math.min(window, count / 2);
    if (half < 1) {
      return Optional.empty();
    }
    OptionalDouble before = mean(first.subList(0, Math.min(half, first.size())), name);
    OptionalDouble now =
        mean(latest.subList(Math.max(0, latest.size() - half), latest.size()), name);
    return before.isPresent() && now.isPresent()
        ? Optional.of(new Change(before.getAsDouble(), now.getAsDouble()))
        : Optional.empty();
  }

  private static OptionalDouble mean(List<Map<String, Double>> of, String name) {
    return of.stream()
        .filter(measured -> measured.containsKey(name))
        .mapToDouble(measured -> measured.get(name))
        .average();
  }

  /** Between what a change is. */
  String span() {
    return window == 1
        ? String.format(Locale.ROOT, "between the first %s and the one after round %d", what, round)
        : String.format(
            Locale.ROOT,
            "between the first %d %ss and the latest %d, up to round %d",
            window,
            what,
            window,
            round);
  }

  Map<String, Object> save() {
    Map<String, Object> saved = new LinkedHashMap<>();
    saved.put("count", count);
    saved.put("round", round);
    saved.put("first", List.copyOf(first));
    saved.put("latest", List.copyOf(latest));
    return saved;
  }

  void restore(JsonObject saved) {
    count = saved.integer("count");
    round = saved.longInteger("round");
    first.clear();
    latest.clear();
    saved.objects("first").forEach(each -> first.add(new TreeMap<>(each.toNumbers())));
    saved.objects("latest").forEach(each -> latest.add(new TreeMap<>(each.toNumbers())));
  }
}

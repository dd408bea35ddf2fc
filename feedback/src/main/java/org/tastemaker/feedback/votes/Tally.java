package org.tastemaker.feedback.votes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Counts by reason, with the first names of each: what a {@link ReadingReport} is made of. */
public final class Tally {
  private static final int NAMED = 10;
  private static final int LONGEST = 300;

  private final Map<String, Long> counts = new LinkedHashMap<>();
  private final Map<String, List<String>> first = new LinkedHashMap<>();

  /** Nothing counted yet. */
  public Tally() {}

  /**
   * Counts.
   *
   * @param what was so
   * @param name of what it was so for; the first ten are kept, each up to 300 characters
   */
  public void add(String what, String name) {
    counts.merge(what, 1L, Long::sum);
    List<String> names = first.computeIfAbsent(what, unused -> new ArrayList<>());
    if (names.size() < NAMED) {
      names.add(name.length() <= LONGEST ? name : name.substring(0, LONGEST) + "...");
    }
  }

  /**
   * What was counted.
   *
   * @return in the order in which it was first seen
   */
  public List<ReadingReport.Reason> reasons() {
    return counts.entrySet().stream()
        .map(
            entry ->
                new ReadingReport.Reason(
                    entry.getKey(),
                    entry.getValue(),
                    first.getOrDefault(entry.getKey(), List.of())))
        .toList();
  }
}

package org.tastemaker.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Runs checks, and says of each in one line how far off it was and how far it may be. */
final class Checks {
  private final Consumer<String> out;
  private int run;
  private int failed;

  Checks(Consumer<String> out) {
    this.out = out;
  }

  /** Runs a check. One that throws, or measures nothing, has failed; the next one is run anyway. */
  void run(String what, Supplier<List<Measure>> check) {
    run++;
    boolean holds = false;
    String found;
    try {
      List<Measure> measures = check.get();
      holds = !measures.isEmpty() && measures.stream().allMatch(Measure::holds);
      found =
          measures.isEmpty()
              ? "nothing was measured"
              : String.join(", ", measures.stream().map(Measure::toString).toList());
    } catch (RuntimeException | LinkageError e) {
      found = e.toString().lines().findFirst().orElse("");
    }
    failed += holds ? 0 : 1;
    out.accept(String.format(Locale.ROOT, "%-6s  %-36s  %s", holds ? "ok" : "FAILED", what, found));
  }

  /** Says something that is no check's result. */
  void note(String text) {
    out.accept(text);
  }

  /** Whether there were checks, and none has failed. */
  boolean passed() {
    return run > 0 && failed == 0;
  }

  /** How many there were, and how many have failed. */
  String summary() {
    return String.format(Locale.ROOT, "%d checks, %d failed", run, failed);
  }
}

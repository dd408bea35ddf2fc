package org.tastemaker.examples.console;

import java.util.Locale;

/**
 * A progress line: steps done of all steps, a text, the time left. A wide terminal also shows a
 * bar; a narrow one shows the brief text.
 *
 * @param name what is counted
 * @param now steps that are done
 * @param total steps in all
 * @param words the text; may be empty
 * @param brief the same in fewer characters
 * @param secondsLeft at least 0; NaN if it is not known yet
 */
record ProgressLine(
    String name, long now, long total, String words, String brief, double secondsLeft) {
  private static final int SHORTEST_BAR = 8;
  private static final int LONGEST_BAR = 30;

  /** The line with its full text and no bar. */
  String plain() {
    return String.format(
        Locale.ROOT,
        "%s %s of %s%s%s",
        name,
        now,
        total,
        words.isEmpty() ? "" : ", " + words,
        Double.isNaN(secondsLeft) ? "" : ", " + duration() + " left");
  }

  /** The line in a terminal: never longer than its columns. */
  String fitting(int columns) {
    String line = plain();
    int bar = Math.min(LONGEST_BAR, columns - line.length() - 3);
    if (bar >= SHORTEST_BAR) {
      int full = (int) (bar * Math.min(now, total) / Math.max(1, total));
      return "[" + "=".repeat(full) + " ".repeat(bar - full) + "] " + line;
    }
    if (line.length() > columns) {
      String left = Double.isNaN(secondsLeft) ? "" : " " + clock();
      line =
          String.format(
              Locale.ROOT,
              "%s %s/%s%s%s",
              name,
              now,
              total,
              brief.isEmpty() ? "" : " " + brief,
              left);
      if (line.length() > columns) {
        line = line.substring(name.length() + 1);
      }
    }
    return line.substring(0, Math.min(columns, line.length()));
  }

  private String duration() {
    long whole = Math.round(secondsLeft);
    return whole < 60
        ? whole + " s"
        : String.format(Locale.ROOT, "%s min %02d s", whole / 60, whole % 60);
  }

  private String clock() {
    long whole = Math.round(secondsLeft);
    return String.format(Locale.ROOT, "%s:%02d", whole / 60, whole % 60);
  }
}

package org.tastemaker.watch;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Names and values as MLflow's server takes them; it rejects others, with all that comes along. */
final class MlflowTexts {
  /** In bytes; the server's documentation promises as much of every store. */
  static final int LONGEST_PARAM = 6000;

  static final int LONGEST_TAG = 5000;

  private static final int LONGEST_NAME = 250;

  private MlflowTexts() {}

  /**
   * The name of a metric, setting or tag: letters, digits, {@code _}, {@code -}, {@code .}, spaces
   * and {@code /}, and no path that leads elsewhere. Everything else becomes {@code _}.
   */
  static String name(String name) {
    StringBuilder allowed = new StringBuilder();
    name.codePoints()
        .forEach(
            c ->
                allowed.appendCodePoint(
                    Character.isLetterOrDigit(c) || "_-. /".indexOf(c) >= 0 ? c : '_'));
    List<String> parts = new ArrayList<>();
    for (String part : cut(allowed.toString(), LONGEST_NAME).split("/", -1)) {
      boolean elsewhere = part.isEmpty() || part.equals(".") || part.equals("..");
      parts.add(elsewhere ? "_".repeat(Math.max(1, part.length())) : part);
    }
    return cut(String.join("/", parts), LONGEST_NAME);
  }

  /** The beginning of a text that has at most so many bytes in UTF-8. */
  static String cut(String text, int bytes) {
    if (text.getBytes(StandardCharsets.UTF_8).length <= bytes) {
      return text;
    }
    StringBuilder kept = new StringBuilder();
    int size = 0;
    for (int c : text.codePoints().toArray()) {
      size += Character.toString(c).getBytes(StandardCharsets.UTF_8).length;
      if (size > bytes) {
        break;
      }
      kept.appendCodePoint(c);
    }
    return kept.toString();
  }

  /** What is not finite, in words. */
  static String notFinite(double value, long step) {
    return String.format(Locale.ROOT, "%s in round %d", value, step);
  }
}

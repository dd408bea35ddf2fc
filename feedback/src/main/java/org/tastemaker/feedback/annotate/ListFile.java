package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.files.BoundedFiles;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;

/**
 * A JSON list, and the line at which each of its elements begins, for messages.
 *
 * @param file it was read from
 * @param elements as {@link Json} gives them
 * @param lines of the elements, from 1
 */
record ListFile(Path file, List<@Nullable Object> elements, List<Integer> lines) {
  private static final Pattern PLACE = Pattern.compile("\\$\\[(\\d+)]");

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException if it is not a JSON list; the message names the line of the
   *     element where that shows
   */
  static ListFile read(Path file) {
    String text;
    try {
      text = PromptText.decode(BoundedFiles.read(file, JsonLimits.large().bytes()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
    List<Integer> lines = linesOf(text);
    Object value;
    try {
      value = Json.parse(text, file.toString(), JsonLimits.large());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(e.getMessage() + lineOf(e.getMessage(), lines), e);
    }
    if (!(value instanceof List<?> list)) {
      throw new IllegalArgumentException(
          file + " must hold a JSON list, but its first line has none");
    }
    return new ListFile(file, new ArrayList<>(list), lines);
  }

  private static String lineOf(@Nullable String message, List<Integer> lines) {
    Matcher place = PLACE.matcher(String.valueOf(message));
    if (!place.find()) {
      return "";
    }
    int element = Integer.parseInt(place.group(1));
    return element < lines.size() ? " (line " + lines.get(element) + ")" : "";
  }

  /** What is wrong with an element. */
  IllegalArgumentException wrong(int element, String what) {
    return new IllegalArgumentException(at(element) + ": " + what);
  }

  /** Such as {@code pairs.json, line 12}. */
  String at(int element) {
    return file + ", line " + lines.get(element);
  }

  /** Where the elements of the outermost list begin. */
  static List<Integer> linesOf(String text) {
    List<Integer> lines = new ArrayList<>();
    int line = 1;
    int depth = 0;
    boolean expected = false; // an element begins at the next character that is no space
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        line++;
      } else if (c > ' ' && c != ',' && c != ']' && depth == 1 && expected) {
        lines.add(line);
        expected = false;
      }
      if (c == '"') {
        i = endOfString(text, i);
      } else if (c == '[' || c == '{') {
        depth++;
        expected = depth == 1;
      } else if (c == ']' || c == '}') {
        depth--;
      } else if (c == ',' && depth == 1) {
        expected = true;
      }
    }
    return lines;
  }

  private static int endOfString(String text, int begin) {
    int i = begin + 1;
    while (i < text.length() && text.charAt(i) != '"') {
      i += text.charAt(i) == '\\' ? 2 : 1;
    }
    return i;
  }
}

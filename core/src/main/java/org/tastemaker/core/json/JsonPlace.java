package org.tastemaker.core.json;

import java.util.ArrayList;
import java.util.List;

/** The path to a character of a text, for messages about texts that are not parsed. */
final class JsonPlace {
  private static final int LONGEST = 200;

  private JsonPlace() {}

  /**
   * The path to the value that a character is in.
   *
   * @param text whose strings end before {@code end}
   * @param end the character's index
   */
  static String of(CharSequence text, int end) {
    List<String> names = new ArrayList<>(); // a name or an index for each open list or object
    List<Integer> indices = new ArrayList<>(); // -1 in an object
    String last = "";
    for (int i = 0; i < end && i < text.length(); i++) {
      int top = names.size() - 1;
      switch (text.charAt(i)) {
        case '"' -> {
          int begin = ++i;
          while (i < end && text.charAt(i) != '"') {
            i += text.charAt(i) == '\\' ? 2 : 1;
          }
          last = text.subSequence(begin, Math.min(i, text.length())).toString();
        }
        case ':' -> {
          if (top >= 0) {
            names.set(top, "." + last);
          }
        }
        case '[', '{' -> {
          boolean list = text.charAt(i) == '[';
          names.add(list ? "[0]" : "");
          indices.add(list ? 0 : -1);
        }
        case ']', '}' -> {
          if (top >= 0) {
            names.remove(top);
            indices.remove(top);
          }
        }
        case ',' -> {
          if (top >= 0 && indices.get(top) >= 0) {
            indices.set(top, indices.get(top) + 1);
            names.set(top, "[" + indices.get(top) + "]");
          }
        }
        default -> {}
      }
    }
    String path = "$" + String.join("", names);
    return path.length() <= LONGEST ? path : path.substring(0, LONGEST) + "...";
  }
}

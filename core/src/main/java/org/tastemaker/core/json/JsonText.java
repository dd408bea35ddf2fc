package org.tastemaker.core.json;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Moshi's reader lets pass and JSON does not: control characters and {@code \'} in strings,
 * and {@code True}; and the bounds on nesting and on the length of a number, which keep a hostile
 * text cheap.
 */
final class JsonText {
  private static final int MAX_DEPTH = 100;
  private static final int MAX_NUMBER = 1000;

  /** A string, which is skipped, or an infinity. */
  private static final Pattern INFINITY =
      Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*+\"|(-?)Infinity\\b", Pattern.DOTALL);

  /** Stands for an infinity: a number beyond the range of doubles. */
  private static final String HUGE = "9e999";

  private JsonText() {}

  /** Returns the text, which has passed. */
  static String check(String text, String where) {
    int depth = 0;
    int number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean plain = c != '"' && c != '[' && c != '{' && c != ']' && c != '}' && c != ',';
      number = plain && c > ' ' && c != ':' ? number + 1 : 0;
      if (c == '"') {
        i = endOfString(text, i, where);
      } else if (c == '[' || c == '{') {
        depth++;
      } else if (c == ']' || c == '}') {
        depth--;
      } else if (c >= 'A'
          && c <= 'Z'
          && !(c == 'E' && i > 0 && Character.isDigit(text.charAt(i - 1)))) {
        throw new JsonException(
            where + " is not JSON: it has a capital letter outside of strings at character " + i);
      }
      if (depth > MAX_DEPTH || number > MAX_NUMBER) {
        throw new JsonException(
            where
                + (depth > MAX_DEPTH
                    ? " is nested deeper than " + MAX_DEPTH + " levels"
                    : " holds a number or a word of more than " + MAX_NUMBER + " characters")
                + " at character "
                + i);
      }
    }
    return text;
  }

  /** Infinities become numbers beyond the range of doubles. */
  static String withoutInfinities(String text) {
    Matcher matcher = INFINITY.matcher(text);
    return matcher.replaceAll(
        found ->
            Matcher.quoteReplacement(
                found.group().startsWith("\"") ? found.group() : found.group(1) + HUGE));
  }

  private static int endOfString(String text, int begin, String where) {
    for (int i = begin + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        return i;
      }
      if (c == '\\' && (++i == text.length() || "\"\\/bfnrtu".indexOf(text.charAt(i)) < 0)) {
        throw new JsonException(
            where + " is not JSON: a string has an unknown escape at character " + (i - 1));
      }
      if (c < ' ') {
        throw new JsonException(
            where + " is not JSON: a string has a control character at character " + i);
      }
    }
    throw new JsonException(
        where + " is not JSON: the string at character " + begin + " does not end");
  }
}

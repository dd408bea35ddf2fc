package org.tastemaker.core.json;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Moshi's reader lets pass and JSON does not: control characters and {@code \'} in strings,
 * and {@code True}; and the bounds on size, nesting, the number of values and the length of a
 * number, which keep a hostile text cheap.
 */
final class JsonText {
  private static final int MAX_NUMBER = 1000;

  /** A string, which is skipped, or an infinity. */
  private static final Pattern INFINITY =
      Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*+\"|(-?)Infinity\\b", Pattern.DOTALL);

  /** Stands for an infinity: a number beyond the range of doubles. */
  private static final String HUGE = "9e999";

  private static final String GIT_LFS = "version https://git-lfs";

  private JsonText() {}

  /** Returns the text, which has passed. */
  static String check(String text, String where, JsonLimits limits) {
    check((CharSequence) text, where, limits);
    return text;
  }

  /** Bytes are checked as if each were a character: what is looked for is ASCII. */
  static void check(byte[] utf8, String where, JsonLimits limits) {
    check(new Bytes(utf8, 0, utf8.length), where, limits);
  }

  private static void check(CharSequence text, String where, JsonLimits limits) {
    requireSize(text.length(), where, limits);
    requireNoOtherFile(text, where);
    int depth = 0;
    int number = 0;
    int values = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean plain = c != '"' && c != '[' && c != '{' && c != ']' && c != '}' && c != ',';
      number = plain && c > ' ' && c != ':' ? number + 1 : 0;
      if (c == '"') {
        i = endOfString(text, i, where);
      } else if (c == '[' || c == '{') {
        depth++;
        values++;
      } else if (c == ']' || c == '}') {
        depth--;
      } else if (c == ',') {
        values++;
      } else if (c >= 'A'
          && c <= 'Z'
          && !(c == 'E' && i > 0 && Character.isDigit(text.charAt(i - 1)))) {
        throw new JsonException(
            where + " is not JSON: it has a capital letter outside of strings at character " + i);
      }
      if (depth > limits.depth() || number > MAX_NUMBER || values > limits.values()) {
        String what =
            depth > limits.depth()
                ? " is nested deeper than " + limits.depth() + " levels"
                : values > limits.values()
                    ? " holds more than " + limits.values() + " values"
                    : " holds a number or a word of more than " + MAX_NUMBER + " characters";
        throw new JsonException(
            where + what + " at character " + i + ", at path " + JsonPlace.of(text, i));
      }
    }
  }

  /** What a download may leave in a file's place. */
  private static void requireNoOtherFile(CharSequence text, String where) {
    String first = text.subSequence(0, Math.min(text.length(), GIT_LFS.length())).toString();
    if (first.equals(GIT_LFS)) {
      throw new JsonException(
          where
              + " is not JSON: it is a pointer of Git LFS and not the file; fetch it with 'git lfs"
              + " pull'");
    }
    if (first.startsWith("<!DOCTYPE") || first.startsWith("<html")) {
      throw new JsonException(
          where
              + " is not JSON: it is a page of HTML, as a server gives one in another thing's"
              + " place");
    }
    if (first.isEmpty()) {
      throw new JsonException(where + " is not JSON: End of input: it is empty");
    }
  }

  private record Bytes(byte[] bytes, int begin, int length) implements CharSequence {
    @Override
    public char charAt(int index) {
      return (char) (bytes[begin + index] & 0xFF);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Bytes(bytes, begin + start, end - start);
    }

    @Override
    public String toString() {
      return new String(bytes, begin, length, StandardCharsets.UTF_8);
    }
  }

  /**
   * Throws if a text is too long; it may be counted in bytes or, as a lower bound, in characters.
   */
  static void requireSize(long length, String where, JsonLimits limits) {
    if (length > limits.bytes()) {
      throw new JsonException(
          where + " has " + length + " bytes, but may have at most " + limits.bytes());
    }
  }

  /** Infinities become numbers beyond the range of doubles. */
  static String withoutInfinities(String text) {
    Matcher matcher = INFINITY.matcher(text);
    return matcher.replaceAll(
        found ->
            Matcher.quoteReplacement(
                found.group().startsWith("\"") ? found.group() : found.group(1) + HUGE));
  }

  private static int endOfString(CharSequence text, int begin, String where) {
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
        where
            + " is not JSON: the string at character "
            + begin
            + " does not end; is it cut short?");
  }
}

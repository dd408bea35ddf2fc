package org.tastemaker.core.json;

/**
 * How large a JSON text may be. It is checked before anything is built from the text.
 *
 * @param bytes of the text in UTF-8, at least 1
 * @param depth of nested lists and objects, from 1 to {@link #DEEPEST}
 * @param values how many there may be in all, at least 1; the commas, lists and objects are counted
 */
public record JsonLimits(int bytes, int depth, int values) {
  /** The deepest nesting that can be read. */
  public static final int DEEPEST = 100;

  public JsonLimits {
    if (bytes < 1 || depth < 1 || depth > DEEPEST || values < 1) {
      throw new IllegalArgumentException(
          "limits of JSON are at least 1 byte, 1 value and 1 to "
              + DEEPEST
              + " levels, but were given "
              + bytes
              + ", "
              + values
              + " and "
              + depth);
    }
  }

  /**
   * What holds unless something else is said: 4 MiB, 100 levels, 150,000 values. Such a text takes
   * less than 64 MB of memory to read.
   *
   * @return the limits
   */
  public static JsonLimits defaults() {
    return new JsonLimits(4 << 20, DEEPEST, 150_000);
  }

  /**
   * For configurations, which are small: 1 MiB, 20 levels, 20,000 values.
   *
   * @return the limits
   */
  public static JsonLimits configuration() {
    return new JsonLimits(1 << 20, 20, 20_000);
  }

  /**
   * For files that this library has written itself and that grow with a run, such as the state in a
   * checkpoint: 64 MiB, 100 levels, 4,000,000 values.
   *
   * @return the limits
   */
  public static JsonLimits large() {
    return new JsonLimits(64 << 20, DEEPEST, 4_000_000);
  }
}

package org.tastemaker.core.json;

import com.squareup.moshi.JsonReader;
import java.io.IOException;

/**
 * Reads the tokens of a text that is too large, or too hostile, for a tree of values.
 *
 * @param <T> what it makes of them
 */
@FunctionalInterface
public interface JsonReading<T> {
  /**
   * Reads one value.
   *
   * @param reader at the beginning of the value; {@code nextString} gives a number's own digits
   * @return anything
   * @throws IOException if the tokens are not the expected ones; {@link Json#stream} turns it, and
   *     Moshi's own exceptions, into a {@link JsonException}
   */
  T read(JsonReader reader) throws IOException;
}

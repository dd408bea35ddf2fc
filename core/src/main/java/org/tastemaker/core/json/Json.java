package org.tastemaker.core.json;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes JSON.
 *
 * <p>A value is a String, an Integer, Long or BigInteger (the smallest that holds a whole number),
 * a Double, a Boolean, null, a List or a Map in the order of the text.
 */
public final class Json {
  private Json() {}

  /**
   * Parses a text.
   *
   * @param text one JSON value
   * @param where names the text in messages, such as its file
   * @return the value
   * @throws JsonException if it is not JSON
   */
  public static @Nullable Object parse(String text, String where) {
    return JsonTree.parse(JsonText.check(text, where), where, false);
  }

  /**
   * Parses a text that holds one object.
   *
   * @param text one JSON object
   * @param where names the text in messages, such as its file
   * @return the object
   * @throws JsonException if it is not JSON, or not an object
   */
  public static JsonObject parseObject(String text, String where) {
    return JsonObject.of(parse(text, where), where);
  }

  /**
   * Parses a text in which infinities may stand as Python writes them: {@code Infinity} and {@code
   * -Infinity}, without quotes.
   *
   * @param text one JSON object
   * @param where names the text in messages, such as its file
   * @return the object; the infinities are Doubles
   * @throws JsonException if it is not JSON, or not an object
   */
  public static JsonObject parsePythonObject(String text, String where) {
    String numbers = JsonText.withoutInfinities(text);
    return JsonObject.of(JsonTree.parse(JsonText.check(numbers, where), where, true), where);
  }

  /**
   * Parses bytes.
   *
   * @param utf8 one JSON value
   * @param where names the bytes in messages, such as their file
   * @return the value
   * @throws JsonException if they are not UTF-8 or not JSON
   */
  public static @Nullable Object parse(byte[] utf8, String where) {
    return parse(decode(utf8, where), where);
  }

  /**
   * Reads a file.
   *
   * @param file with one JSON value in UTF-8
   * @return the value
   * @throws JsonException if it is not JSON
   * @throws UncheckedIOException if it cannot be read
   */
  public static @Nullable Object read(Path file) {
    return parse(readText(file), file.toString());
  }

  /**
   * Reads a file that holds one object.
   *
   * @param file with one JSON object in UTF-8
   * @return the object
   * @throws JsonException if it is not JSON, or not an object
   * @throws UncheckedIOException if it cannot be read
   */
  public static JsonObject readObject(Path file) {
    return parseObject(readText(file), file.toString());
  }

  /**
   * Reads a file that holds a list of objects.
   *
   * @param file with one JSON list in UTF-8
   * @return its objects
   * @throws JsonException if it is not JSON, or not such a list
   * @throws UncheckedIOException if it cannot be read
   */
  public static List<JsonObject> readObjects(Path file) {
    return JsonObject.listOf(read(file), file.toString());
  }

  /**
   * Reads the tokens of a text one by one, as strictly as {@link #parse} but for names that stand
   * twice in an object.
   *
   * @param <T> what comes of it
   * @param text one JSON value
   * @param where names the text in messages, such as its file
   * @param reading reads exactly one value
   * @return what {@code reading} returned
   * @throws JsonException if it is not JSON, or not what {@code reading} expects
   */
  public static <T> T stream(String text, String where, JsonReading<T> reading) {
    return JsonTree.stream(JsonText.check(text, where), where, reading);
  }

  /**
   * Reads a text file strictly.
   *
   * @param file in UTF-8
   * @return its text
   * @throws JsonException if it is not UTF-8
   * @throws UncheckedIOException if it cannot be read
   */
  public static String readText(Path file) {
    try {
      return decode(Files.readAllBytes(file), file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Writes a value on one line, without spaces.
   *
   * @param value a String, Number, Boolean, null, Iterable or Map of them
   * @return its text
   * @throws JsonException if there is something else in it, a NaN or an infinity
   */
  public static String write(@Nullable Object value) {
    return JsonTree.write(value, "");
  }

  /**
   * Writes a value for people: a line for each entry, indented by two spaces.
   *
   * @param value a String, Number, Boolean, null, Iterable or Map of them
   * @return its text, without a line feed at the end
   * @throws JsonException if there is something else in it, a NaN or an infinity
   */
  public static String writePretty(@Nullable Object value) {
    return JsonTree.write(value, "  ");
  }

  private static String decode(byte[] utf8, String where) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new JsonException(where + " is not UTF-8: " + e.getMessage(), e);
    }
  }
}

package org.tastemaker.core.json;

import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import okio.Buffer;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.files.BoundedFiles;

/**
 * Reads and writes JSON.
 *
 * <p>A value is a String, an Integer, Long or BigInteger (the smallest that holds a whole number),
 * a Double, a Boolean, null, a List or a Map in the order of the text.
 */
public final class Json {
  private Json() {}

  /**
   * Parses a text within the default limits.
   *
   * @param text one JSON value
   * @param where names the text in messages, such as its file
   * @return the value
   * @throws JsonException if it is not JSON, or too large
   */
  public static @Nullable Object parse(String text, String where) {
    return parse(text, where, JsonLimits.defaults());
  }

  /**
   * Parses a text.
   *
   * @param text one JSON value
   * @param where names the text in messages, such as its file
   * @param limits of its size
   * @return the value
   * @throws JsonException if it is not JSON, or too large
   */
  public static @Nullable Object parse(String text, String where, JsonLimits limits) {
    return JsonTree.parse(JsonText.check(text, where, limits), where, false);
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
   * Parses a text that holds one object.
   *
   * @param text one JSON object
   * @param where names the text in messages, such as its file
   * @param limits of its size
   * @return the object
   * @throws JsonException if it is not JSON, not an object, or too large
   */
  public static JsonObject parseObject(String text, String where, JsonLimits limits) {
    return JsonObject.of(parse(text, where, limits), where);
  }

  /**
   * Parses a text in which infinities may stand as Python writes them, within the default limits.
   *
   * @param text one JSON object
   * @param where names the text in messages, such as its file
   * @return the object; the infinities are Doubles
   * @throws JsonException if it is not JSON, not an object, or too large
   */
  public static JsonObject parsePythonObject(String text, String where) {
    return parsePythonObject(text, where, JsonLimits.defaults());
  }

  /**
   * Parses a text in which infinities may stand as Python writes them: {@code Infinity} and {@code
   * -Infinity}, without quotes.
   *
   * @param text one JSON object
   * @param where names the text in messages, such as its file
   * @param limits of its size
   * @return the object; the infinities are Doubles
   * @throws JsonException if it is not JSON, or not an object
   */
  public static JsonObject parsePythonObject(String text, String where, JsonLimits limits) {
    JsonText.requireSize(text.length(), where, limits);
    String numbers = JsonText.withoutInfinities(text);
    return JsonObject.of(
        JsonTree.parse(JsonText.check(numbers, where, limits), where, true), where);
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
    JsonText.requireSize(utf8.length, where, JsonLimits.defaults());
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
    return readObject(file, JsonLimits.defaults());
  }

  /**
   * Reads a file that holds one object.
   *
   * @param file with one JSON object in UTF-8
   * @param limits of its size
   * @return the object
   * @throws JsonException if it is not JSON, or not an object
   * @throws org.tastemaker.core.files.UnsafeFileException if it is too large
   * @throws UncheckedIOException if it cannot be read
   */
  public static JsonObject readObject(Path file, JsonLimits limits) {
    return parseObject(readText(file, limits), file.toString(), limits);
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
   * Reads the tokens of a text one by one, within the default limits.
   *
   * @param <T> what comes of it
   * @param text one JSON value
   * @param where names the text in messages, such as its file
   * @param reading reads exactly one value
   * @return what {@code reading} returned
   * @throws JsonException if it is not JSON, too large, or not what {@code reading} expects
   */
  public static <T> T stream(String text, String where, JsonReading<T> reading) {
    return stream(text, where, JsonLimits.defaults(), reading);
  }

  /**
   * Reads the tokens of a text one by one, as strictly as {@link #parse} but for names that stand
   * twice in an object.
   *
   * @param <T> what comes of it
   * @param text one JSON value
   * @param where names the text in messages, such as its file
   * @param limits of its size
   * @param reading reads exactly one value
   * @return what {@code reading} returned
   * @throws JsonException if it is not JSON, or not what {@code reading} expects
   */
  public static <T> T stream(String text, String where, JsonLimits limits, JsonReading<T> reading) {
    return JsonTree.stream(JsonText.check(text, where, limits), where, reading);
  }

  /**
   * Reads the tokens of bytes one by one, without a copy of them as a text.
   *
   * @param <T> what comes of it
   * @param utf8 one JSON value
   * @param where names the bytes in messages, such as their file
   * @param limits of their size
   * @param reading reads exactly one value
   * @return what {@code reading} returned
   * @throws JsonException if they are not UTF-8, not JSON, too large, or not what {@code reading}
   *     expects
   */
  public static <T> T stream(byte[] utf8, String where, JsonLimits limits, JsonReading<T> reading) {
    requireUtf8(utf8, where);
    JsonText.check(utf8, where, limits);
    return JsonTree.stream(new Buffer().write(utf8), where, reading);
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
    return readText(file, JsonLimits.defaults());
  }

  /**
   * Reads a text file strictly.
   *
   * @param file in UTF-8
   * @param limits of which that of the bytes is looked at
   * @return its text
   * @throws JsonException if it is not UTF-8
   * @throws org.tastemaker.core.files.UnsafeFileException if it is too large
   * @throws UncheckedIOException if it cannot be read
   */
  public static String readText(Path file, JsonLimits limits) {
    return decode(BoundedFiles.read(file, limits.bytes()), file.toString());
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
    requireUtf8(utf8, where);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /** Decodes piece by piece, without keeping the characters. */
  private static void requireUtf8(byte[] utf8, String where) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(utf8);
    CharBuffer out = CharBuffer.allocate(8192);
    try {
      CoderResult result = CoderResult.OVERFLOW;
      while (result.isOverflow()) {
        result = decoder.decode(in, out.clear(), true);
      }
      if (result.isError()) {
        result.throwException();
      }
    } catch (CharacterCodingException e) {
      throw new JsonException(where + " is not UTF-8: " + e.getMessage(), e);
    }
  }
}

package org.tastemaker.core.json;

import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.JsonReader;
import com.squareup.moshi.JsonWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import okio.Buffer;
import org.jspecify.annotations.Nullable;

/** Between tokens and trees of values. */
final class JsonTree {
  private JsonTree() {}

  /** Parses a text in which a number beyond the range of doubles is an error or an infinity. */
  static @Nullable Object parse(String text, String where, boolean infinities) {
    return stream(text, where, reader -> new Holder(value(reader, infinities))).value();
  }

  private record Holder(@Nullable Object value) {}

  static <T> T stream(String text, String where, JsonReading<T> reading) {
    return stream(new Buffer().writeUtf8(text), where, reading);
  }

  static <T> T stream(Buffer utf8, String where, JsonReading<T> reading) {
    try (JsonReader reader = JsonReader.of(utf8)) {
      try {
        T result = reading.read(reader);
        requireEnd(reader, where);
        return result;
      } catch (IOException | JsonDataException e) {
        // Moshi's hint to be lenient is of no use to who reads the message.
        String message =
            String.valueOf(e.getMessage())
                .replace("Use JsonReader.setLenient(true) to accept malformed JSON", "malformed");
        String path = message.contains("$") ? "" : " at path " + reader.getPath();
        boolean cut = message.startsWith("End of input");
        throw new JsonException(
            where + " is not JSON: " + message + path + (cut ? "; is it cut short?" : ""), e);
      }
    } catch (IOException e) {
      throw new IllegalStateException("closing a buffer in memory does not fail", e);
    }
  }

  private static void requireEnd(JsonReader reader, String where) {
    try {
      if (reader.peek() == JsonReader.Token.END_DOCUMENT) {
        return;
      }
    } catch (IOException e) {
      // What follows is not JSON by itself.
    }
    throw new JsonException(where + " has something after its end");
  }

  private static @Nullable Object value(JsonReader reader, boolean infinities) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> object(reader, infinities);
      case BEGIN_ARRAY -> array(reader, infinities);
      case STRING -> reader.nextString();
      case NUMBER -> number(reader.nextString(), reader, infinities);
      case BOOLEAN -> reader.nextBoolean();
      case NULL -> reader.nextNull();
      default -> throw new JsonDataException("no value at path " + reader.getPath());
    };
  }

  private static Map<String, @Nullable Object> object(JsonReader reader, boolean infinities)
      throws IOException {
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (object.containsKey(name)) {
        throw new JsonDataException("a second \"" + name + "\" at path " + reader.getPath());
      }
      object.put(name, value(reader, infinities));
    }
    reader.endObject();
    return object;
  }

  private static List<@Nullable Object> array(JsonReader reader, boolean infinities)
      throws IOException {
    List<@Nullable Object> array = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      array.add(value(reader, infinities));
    }
    reader.endArray();
    return array;
  }

  private static Number number(String digits, JsonReader reader, boolean infinities) {
    if (digits.chars().allMatch(c -> c == '-' || (c >= '0' && c <= '9'))) {
      if (digits.length() > 18) {
        BigInteger big = new BigInteger(digits);
        return big.bitLength() < Long.SIZE ? (Number) big.longValue() : big;
      }
      long value = Long.parseLong(digits);
      return value == (int) value ? (Number) (int) value : value;
    }
    double value = Double.parseDouble(digits);
    if (Double.isInfinite(value) && !infinities) {
      throw new JsonDataException(
          digits + " is beyond the range of a double at path " + reader.getPath());
    }
    return value;
  }

  static String write(@Nullable Object value, String indent) {
    Buffer buffer = new Buffer();
    try (JsonWriter writer = JsonWriter.of(buffer)) {
      writer.setIndent(indent);
      writer.setSerializeNulls(true);
      write(value, writer);
    } catch (IOException | JsonDataException e) {
      throw new JsonException("cannot be written as JSON: " + e.getMessage(), e);
    }
    return buffer.readUtf8();
  }

  private static void write(@Nullable Object value, JsonWriter writer) throws IOException {
    if (value == null) {
      writer.nullValue();
    } else if (value instanceof String text) {
      writer.value(text);
    } else if (value instanceof Boolean flag) {
      writer.value(flag);
    } else if (value instanceof Number number) {
      write(number, writer);
    } else if (value instanceof Map<?, ?> map) {
      writer.beginObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        if (!(entry.getKey() instanceof String name)) {
          throw new JsonDataException(
              "the name " + entry.getKey() + " is not a text at path " + writer.getPath());
        }
        write(entry.getValue(), writer.name(name));
      }
      writer.endObject();
    } else if (value instanceof Iterable<?> list) {
      writer.beginArray();
      for (Object element : list) {
        write(element, writer);
      }
      writer.endArray();
    } else {
      throw new JsonDataException(
          value + " is of " + value.getClass() + " at path " + writer.getPath());
    }
  }

  private static void write(Number number, JsonWriter writer) throws IOException {
    boolean known =
        number instanceof Integer
            || number instanceof Long
            || number instanceof Short
            || number instanceof Byte
            || number instanceof BigInteger
            || number instanceof BigDecimal;
    boolean finite =
        (number instanceof Double || number instanceof Float)
            && Double.isFinite(number.doubleValue());
    if (!known && !finite) {
      throw new JsonDataException("JSON has no number " + number + " at path " + writer.getPath());
    }
    writer.value(number);
  }
}

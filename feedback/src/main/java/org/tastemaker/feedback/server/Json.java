package org.tastemaker.feedback.server;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON without records: the server reads whatever it is sent, and says what is wrong. */
final class Json {
  private static final JsonAdapter<Object> ANY = new Moshi.Builder().build().adapter(Object.class);

  private Json() {}

  static String write(Object value) {
    return ANY.toJson(value);
  }

  /** As it was read: with its nulls, and whole numbers without a point. */
  static String writeAll(@Nullable Object value) {
    return ANY.serializeNulls().toJson(whole(value));
  }

  private static @Nullable Object whole(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<Object, @Nullable Object> all = new LinkedHashMap<>();
      map.forEach((name, one) -> all.put(name, whole(one)));
      return all;
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> all = new ArrayList<>();
      list.forEach(one -> all.add(whole(one)));
      return all;
    }
    if (value instanceof Double number && number == Math.rint(number)) {
      return number.longValue();
    }
    return value;
  }

  static @Nullable Object read(String text) throws IOException {
    return ANY.fromJson(text);
  }

  static Map<?, ?> object(String text) throws BadRequest {
    try {
      if (read(text) instanceof Map<?, ?> map) {
        return map;
      }
    } catch (IOException | JsonDataException e) {
      throw BadRequest.because("invalid_json", "", "the body is not JSON: " + e.getMessage());
    }
    throw BadRequest.because("invalid_json", "", "the body is not a JSON object");
  }

  static Map<?, ?> map(@Nullable Object value, String where) throws BadRequest {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw BadRequest.because("invalid_type", where, where + " must be an object");
  }

  static String text(@Nullable Object value, String where) throws BadRequest {
    if (value instanceof String text) {
      return text;
    }
    throw BadRequest.because("invalid_type", where, where + " must be a string");
  }

  static int number(@Nullable Object value, int otherwise) {
    return value instanceof Double number ? number.intValue() : otherwise;
  }
}

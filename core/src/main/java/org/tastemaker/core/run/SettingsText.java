package org.tastemaker.core.run;

import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;

/**
 * Values as texts, which are equal only where the values are: nothing here asks the default locale.
 */
final class SettingsText {
  private static final String NONE = "none";

  private SettingsText() {}

  static void components(
      Record record, String prefix, List<String> except, Map<String, String> into) {
    List<String> unknown = new ArrayList<>(except);
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      if (!unknown.remove(component.getName())) {
        put(prefix + component.getName(), value(record, component), into);
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          record.getClass().getName() + " has no components " + unknown + " to leave out");
    }
  }

  /** Puts a value's entry, or those of its parts. */
  static void put(String name, @Nullable Object value, Map<String, String> into) {
    Object bare = bare(value);
    if (bare instanceof Record record) {
      components(record, name + ".", List.of(), into);
    } else {
      Object json = json(name, bare);
      into.put(name, json instanceof String text ? text : Json.write(json));
    }
  }

  /** The value in an Optional, or null. */
  static @Nullable Object bare(@Nullable Object value) {
    if (value instanceof Optional<?> optional) {
      return optional.orElse(null);
    } else if (value instanceof OptionalInt optional) {
      return optional.isPresent() ? optional.getAsInt() : null;
    } else if (value instanceof OptionalLong optional) {
      return optional.isPresent() ? optional.getAsLong() : null;
    } else if (value instanceof OptionalDouble optional) {
      return optional.isPresent() ? optional.getAsDouble() : null;
    }
    return value;
  }

  /** What stands for a value in JSON, or its text. */
  private static Object json(String name, @Nullable Object value) {
    Object bare = bare(value);
    if (bare == null) {
      return NONE;
    } else if (bare instanceof Enum<?> constant) {
      return constant.name();
    } else if (bare instanceof Class<?> type) {
      return type.getName();
    } else if (bare instanceof Boolean
        || bare instanceof Integer
        || bare instanceof Long
        || (bare instanceof Double number && Double.isFinite(number))) {
      return bare;
    } else if (bare instanceof CharSequence
        || bare instanceof Number
        || bare instanceof Character
        || bare instanceof Path
        || bare instanceof Instant
        || bare instanceof Duration) {
      return bare.toString();
    } else if (bare instanceof Collection<?> collection) {
      return list(name, collection);
    } else if (bare instanceof Map<?, ?> map) {
      Map<String, Object> object = new TreeMap<>();
      map.forEach((key, entry) -> object.put(String.valueOf(json(name, key)), json(name, entry)));
      return object;
    } else if (bare instanceof Record record) {
      Map<String, Object> object = new TreeMap<>();
      for (RecordComponent component : record.getClass().getRecordComponents()) {
        String part = name + "." + component.getName();
        object.put(component.getName(), json(part, value(record, component)));
      }
      return object;
    } else if (bare.getClass().isArray()) {
      List<@Nullable Object> elements = new ArrayList<>();
      for (int i = 0; i < Array.getLength(bare); i++) {
        elements.add(Array.get(bare, i));
      }
      return list(name, elements);
    }
    throw new IllegalArgumentException(
        "the setting "
            + name
            + " is of "
            + bare.getClass()
            + ", which cannot be compared as text: leave it out and describe it by a name of its"
            + " own");
  }

  private static List<Object> list(String name, Collection<?> values) {
    List<Object> list = new ArrayList<>();
    for (Object value : values) {
      list.add(json(name, value));
    }
    if (values instanceof Set) { // whose order says nothing
      list.sort((a, b) -> Json.write(a).compareTo(Json.write(b)));
    }
    return list;
  }

  private static @Nullable Object value(Record record, RecordComponent component) {
    try {
      component.getAccessor().setAccessible(true); // a record may be its package's alone
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + component + " of " + record.getClass(), e);
    }
  }
}

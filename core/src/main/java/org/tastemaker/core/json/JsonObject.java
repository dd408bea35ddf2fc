package org.tastemaker.core.json;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object with typed access. What is missing, null or of another kind is a {@link
 * JsonException} that names the file and the path; methods that take a second value return that
 * where the entry is missing or null.
 *
 * <p>Immutable.
 */
public final class JsonObject {
  private final Map<String, @Nullable Object> values;
  private final String where;
  private final String path;

  private JsonObject(Map<String, @Nullable Object> values, String where, String path) {
    this.values = values;
    this.where = where;
    this.path = path;
  }

  static JsonObject of(@Nullable Object value, String where) {
    return object(value, where, "$");
  }

  static List<JsonObject> listOf(@Nullable Object value, String where) {
    return new JsonObject(Map.of(), where, "$")
        .list(value, "$", (element, at) -> object(element, where, at));
  }

  /** Copies the map: a name that is no text cannot have come from JSON. */
  private static JsonObject object(@Nullable Object value, String where, String path) {
    if (!(value instanceof Map<?, ?> map)) {
      throw unexpected(value, "an object", where, path);
    }
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    map.forEach((name, entry) -> values.put((String) name, entry));
    return new JsonObject(Collections.unmodifiableMap(values), where, path);
  }

  /**
   * The names of the entries.
   *
   * @return in the order of the text
   */
  public Set<String> names() {
    return values.keySet();
  }

  /**
   * Whether an entry is there and not null.
   *
   * @param name of the entry
   * @return true where it has a value
   */
  public boolean has(String name) {
    return values.get(name) != null;
  }

  /**
   * An entry as it is.
   *
   * @param name of the entry
   * @return its value as {@link Json} gives it; null where it is missing or null
   */
  public @Nullable Object value(String name) {
    return values.get(name);
  }

  /**
   * A text.
   *
   * @param name of the entry
   * @return its value
   */
  public String text(String name) {
    return text(values.get(name), at(name));
  }

  /**
   * A text.
   *
   * @param name of the entry
   * @param otherwise where it is missing or null
   * @return its value
   */
  public String text(String name, String otherwise) {
    return has(name) ? text(name) : otherwise;
  }

  /**
   * A whole number.
   *
   * @param name of the entry
   * @return its value, which fits an int
   */
  public int integer(String name) {
    return integer(values.get(name), at(name));
  }

  /**
   * A whole number.
   *
   * @param name of the entry
   * @param otherwise where it is missing or null
   * @return its value, which fits an int
   */
  public int integer(String name, int otherwise) {
    return has(name) ? integer(name) : otherwise;
  }

  /**
   * A whole number.
   *
   * @param name of the entry
   * @return its value, which fits a long
   */
  public long longInteger(String name) {
    return longInteger(values.get(name), at(name));
  }

  /**
   * A whole number.
   *
   * @param name of the entry
   * @param otherwise where it is missing or null
   * @return its value, which fits a long
   */
  public long longInteger(String name, long otherwise) {
    return has(name) ? longInteger(name) : otherwise;
  }

  /**
   * A number, whole or not.
   *
   * @param name of the entry
   * @return the nearest double
   */
  public double number(String name) {
    return number(values.get(name), at(name));
  }

  /**
   * A number, whole or not.
   *
   * @param name of the entry
   * @param otherwise where it is missing or null
   * @return the nearest double
   */
  public double number(String name, double otherwise) {
    return has(name) ? number(name) : otherwise;
  }

  /**
   * True or false.
   *
   * @param name of the entry
   * @return its value
   */
  public boolean flag(String name) {
    if (values.get(name) instanceof Boolean flag) {
      return flag;
    }
    throw unexpected(values.get(name), "true or false", where, at(name));
  }

  /**
   * True or false.
   *
   * @param name of the entry
   * @param otherwise where it is missing or null
   * @return its value
   */
  public boolean flag(String name, boolean otherwise) {
    return has(name) ? flag(name) : otherwise;
  }

  /**
   * An object within this one.
   *
   * @param name of the entry
   * @return its value
   */
  public JsonObject object(String name) {
    return object(values.get(name), where, at(name));
  }

  /**
   * An object within this one.
   *
   * @param name of the entry
   * @return its value; empty where it is missing or null
   */
  public Optional<JsonObject> optionalObject(String name) {
    return has(name) ? Optional.of(object(name)) : Optional.empty();
  }

  /**
   * A list of objects.
   *
   * @param name of the entry
   * @return its elements
   */
  public List<JsonObject> objects(String name) {
    return list(name, (element, at) -> object(element, where, at));
  }

  /**
   * A list of texts.
   *
   * @param name of the entry
   * @return its elements
   */
  public List<String> texts(String name) {
    return list(name, this::text);
  }

  /**
   * A list of whole numbers that fit ints.
   *
   * @param name of the entry
   * @return its elements
   */
  public List<Integer> integers(String name) {
    return list(name, this::integer);
  }

  /**
   * A list of numbers.
   *
   * @param name of the entry
   * @return the nearest doubles
   */
  public List<Double> numbers(String name) {
    return list(name, this::number);
  }

  /**
   * A list of lists of whole numbers that fit ints.
   *
   * @param name of the entry
   * @return its elements
   */
  public List<List<Integer>> integerLists(String name) {
    return list(name, (element, at) -> list(element, at, this::integer));
  }

  /**
   * A list of lists of numbers.
   *
   * @param name of the entry
   * @return the nearest doubles
   */
  public List<List<Double>> numberLists(String name) {
    return list(name, (element, at) -> list(element, at, this::number));
  }

  /**
   * A list of anything.
   *
   * @param name of the entry
   * @return its elements as {@link Json} gives them
   */
  public List<@Nullable Object> list(String name) {
    if (values.get(name) instanceof List<?> list) {
      return Collections.unmodifiableList(list);
    }
    throw unexpected(values.get(name), "a list", where, at(name));
  }

  /**
   * This object, all of whose entries are texts.
   *
   * @return in the order of the text
   */
  public Map<String, String> toTexts() {
    return map(this::text);
  }

  /**
   * This object, all of whose entries are numbers.
   *
   * @return the nearest doubles, in the order of the text
   */
  public Map<String, Double> toNumbers() {
    return map(this::number);
  }

  /**
   * This object, all of whose entries are whole numbers that fit longs.
   *
   * @return in the order of the text
   */
  public Map<String, Long> toLongs() {
    return map(this::longInteger);
  }

  /**
   * The entries that are not null, as {@link Json} gives them.
   *
   * @return in the order of the text
   */
  public Map<String, Object> toValues() {
    Map<String, Object> map = new LinkedHashMap<>();
    values.forEach(
        (name, value) -> {
          if (value != null) {
            map.put(name, value);
          }
        });
    return Collections.unmodifiableMap(map);
  }

  /**
   * The entries as {@link Json} gives them.
   *
   * @return an unmodifiable map in the order of the text
   */
  public Map<String, @Nullable Object> toMap() {
    return values;
  }

  /**
   * An exception for an entry of which something else was expected than its kind.
   *
   * @param name of the entry
   * @param expected such as {@code "a number from 0 to 1"}
   * @return to be thrown
   */
  public JsonException unexpected(String name, String expected) {
    return unexpected(values.get(name), expected, where, at(name));
  }

  /** The object's text on one line. */
  @Override
  public String toString() {
    return JsonTree.write(values, "");
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JsonObject object && values.equals(object.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  private String at(String name) {
    return path + "." + name;
  }

  private String text(@Nullable Object value, String at) {
    if (value instanceof String text) {
      return text;
    }
    throw unexpected(value, "a text", where, at);
  }

  private int integer(@Nullable Object value, String at) {
    if (value instanceof Integer integer) {
      return integer;
    }
    throw unexpected(value, "a whole number of at most 32 bits", where, at);
  }

  private long longInteger(@Nullable Object value, String at) {
    if (value instanceof Integer || value instanceof Long) {
      return ((Number) value).longValue();
    }
    throw unexpected(value, "a whole number of at most 64 bits", where, at);
  }

  private double number(@Nullable Object value, String at) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw unexpected(value, "a number", where, at);
  }

  private <T> List<T> list(String name, BiFunction<@Nullable Object, String, T> element) {
    return list(values.get(name), at(name), element);
  }

  private <T> List<T> list(
      @Nullable Object value, String at, BiFunction<@Nullable Object, String, T> element) {
    if (!(value instanceof List<?> list)) {
      throw unexpected(value, "a list", where, at);
    }
    List<T> elements = new ArrayList<>(list.size());
    for (Object each : list) {
      elements.add(element.apply(each, at + "[" + elements.size() + "]"));
    }
    return Collections.unmodifiableList(elements);
  }

  private <T> Map<String, T> map(BiFunction<@Nullable Object, String, T> entry) {
    Map<String, T> map = new LinkedHashMap<>();
    values.forEach((name, value) -> map.put(name, entry.apply(value, at(name))));
    return Collections.unmodifiableMap(map);
  }

  private static JsonException unexpected(
      @Nullable Object value, String expected, String where, String path) {
    String found = value == null ? "missing or null" : shorten(JsonTree.write(value, ""));
    return new JsonException(
        where + ": expected " + expected + " at " + path + ", but it is " + found);
  }

  private static String shorten(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }
}

package org.tastemaker.feedback.votes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a record: a line, an element of a list or a row of a table. What is missing or of
 * another kind is an {@link IllegalArgumentException} that names the place and what was found.
 */
public final class Fields {
  private final String where;
  private final Map<String, @Nullable Object> values;

  /**
   * A record.
   *
   * @param where names it in messages, such as {@code train.json, record 12}
   * @param values a String, Number, Boolean, {@code byte[]}, null, or a List or Map of them
   */
  public Fields(String where, Map<String, @Nullable Object> values) {
    this.where = where;
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /**
   * Where the record stands.
   *
   * @return a file and a place in it
   */
  public String where() {
    return where;
  }

  /**
   * The names that are missing.
   *
   * @param names that are needed
   * @return those of them that the record does not have; a null is there
   */
  List<String> missing(Collection<String> names) {
    return names.stream().filter(name -> !values.containsKey(name)).sorted().toList();
  }

  /**
   * The names of the fields.
   *
   * @return in the record's order
   */
  public List<String> names() {
    return List.copyOf(values.keySet());
  }

  /**
   * Whether a field is there and not null.
   *
   * @param name of the field
   * @return true where it has a value
   */
  public boolean has(String name) {
    return values.get(name) != null;
  }

  /**
   * A field as it is.
   *
   * @param name of the field
   * @return its value; null where it is missing or null
   */
  public @Nullable Object value(String name) {
    return values.get(name);
  }

  /**
   * A text.
   *
   * @param name of the field
   * @return its value
   */
  public String text(String name) {
    if (values.get(name) instanceof String text) {
      return text;
    }
    throw unexpected(name, "a text");
  }

  /**
   * A text, or a number or flag as one: identities are whole numbers in some files.
   *
   * @param name of the field
   * @return its value; empty where it is missing or null
   */
  public String label(String name) {
    Object value = values.get(name);
    if (value == null) {
      return "";
    }
    if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      return value.toString();
    }
    throw unexpected(name, "a text or a number");
  }

  /**
   * A number.
   *
   * @param name of the field
   * @return its value; empty where it is missing or null
   */
  public OptionalDouble number(String name) {
    Object value = values.get(name);
    if (value == null) {
      return OptionalDouble.empty();
    }
    if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      return OptionalDouble.of(number.doubleValue());
    }
    throw unexpected(name, "a number");
  }

  /**
   * A flag.
   *
   * @param name of the field
   * @return its value, also of 0 and 1; empty where it is missing or null
   */
  public Optional<Boolean> flag(String name) {
    Object value = values.get(name);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof Boolean flag) {
      return Optional.of(flag);
    }
    if (value instanceof Number number
        && (number.doubleValue() == 0 || number.doubleValue() == 1)) {
      return Optional.of(number.doubleValue() == 1);
    }
    throw unexpected(name, "true or false");
  }

  /**
   * A list.
   *
   * @param name of the field
   * @return its elements
   */
  public List<@Nullable Object> list(String name) {
    if (values.get(name) instanceof List<?> list) {
      return Collections.unmodifiableList(new ArrayList<@Nullable Object>(list));
    }
    throw unexpected(name, "a list");
  }

  /**
   * A list of numbers.
   *
   * @param name of the field
   * @return its elements; empty where one is null
   */
  public List<OptionalDouble> numbers(String name) {
    List<OptionalDouble> numbers = new ArrayList<>();
    for (Object element : list(name)) {
      if (element instanceof Number number && Double.isFinite(number.doubleValue())) {
        numbers.add(OptionalDouble.of(number.doubleValue()));
      } else if (element == null) {
        numbers.add(OptionalDouble.empty());
      } else {
        throw unexpected(name, "a list of numbers");
      }
    }
    return numbers;
  }

  /**
   * A record in the record.
   *
   * @param name of the field
   * @return its fields
   */
  public Fields fields(String name) {
    return of(name, values.get(name));
  }

  /**
   * A list of records.
   *
   * @param name of the field
   * @return their fields
   */
  public List<Fields> records(String name) {
    return list(name).stream().map(element -> of(name, element)).toList();
  }

  private Fields of(String name, @Nullable Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw unexpected(name, "an object");
    }
    Map<String, @Nullable Object> own = new LinkedHashMap<>();
    map.forEach((key, entry) -> own.put(String.valueOf(key), entry));
    return new Fields(where + ", " + name, own);
  }

  /**
   * An exception about a field.
   *
   * @param name of the field
   * @param expected what it should be
   * @return to be thrown
   */
  public IllegalArgumentException unexpected(String name, String expected) {
    if (!values.containsKey(name)) {
      return new IllegalArgumentException(
          where + ": there is no '" + name + "', " + expected + "; it has " + names());
    }
    Object value = values.get(name);
    String found =
        value == null
            ? "null"
            : value instanceof byte[] bytes
                ? bytes.length + " bytes"
                : value instanceof List<?> list && list.size() > 8
                    ? "a list of " + list.size()
                    : shortened(value.toString());
    return new IllegalArgumentException(
        where + ": '" + name + "' must be " + expected + ", but is " + found);
  }

  private static String shortened(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }
}

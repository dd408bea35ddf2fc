package org.tastemaker.feedback.server;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The part of JSON Schema (2020-12) that the descriptions of requests use. A keyword that it does
 * not know is an error when a schema is read, so nothing is left unchecked in silence. A validator
 * from the Maven repository would bring Jackson and its kin for these eighteen keywords.
 */
public final class JsonSchema {
  private static final JsonAdapter<Object> JSON = new Moshi.Builder().build().adapter(Object.class);
  private static final Set<String> KNOWN =
      Set.of(
          "$comment",
          "$defs",
          "$ref",
          "type",
          "enum",
          "const",
          "oneOf",
          "required",
          "properties",
          "additionalProperties",
          "items",
          "minItems",
          "maxItems",
          "minimum",
          "maximum",
          "minLength",
          "maxLength",
          "pattern");

  private final Map<?, ?> root;

  private JsonSchema(Map<?, ?> root) {
    this.root = root;
    requireKnown(root);
  }

  /** A schema of a file beside the tests of servers. */
  public static JsonSchema of(String file) {
    try (InputStream in = JsonSchema.class.getResourceAsStream(file)) {
      byte[] bytes = Objects.requireNonNull(in, file).readAllBytes();
      return new JsonSchema((Map<?, ?>) parse(new String(bytes, StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonSchema ofText(String text) {
    return new JsonSchema((Map<?, ?>) parse(text));
  }

  /** JSON as maps, lists, texts, numbers and booleans. */
  public static Object parse(String text) {
    try {
      return Objects.requireNonNull(JSON.fromJson(text), "null");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What does not fit, each with its place; empty if all does. */
  public List<String> complaints(Object value) {
    List<String> found = new ArrayList<>();
    check(root, value, "$", found);
    return found;
  }

  private void check(Map<?, ?> schema, @Nullable Object value, String at, List<String> found) {
    if (schema.get("$ref") instanceof String ref) {
      check(resolved(ref), value, at, found);
    }
    if (schema.get("oneOf") instanceof List<?> choices) {
      List<String> all = new ArrayList<>();
      long fit =
          choices.stream()
              .filter(
                  choice -> {
                    List<String> its = new ArrayList<>();
                    check((Map<?, ?>) choice, value, at, its);
                    all.addAll(its);
                    return its.isEmpty();
                  })
              .count();
      if (fit != 1) {
        found.add(at + " fits " + fit + " of " + choices.size() + " forms: " + all);
      }
    }
    if (schema.get("type") instanceof String type && !isOf(type, value)) {
      found.add(at + " must be of type " + type + ", but was " + shown(value));
      return;
    }
    if (schema.get("enum") instanceof List<?> values && !values.contains(value)) {
      found.add(at + " must be one of " + values + ", but was " + shown(value));
    }
    if (schema.containsKey("const") && !Objects.equals(schema.get("const"), value)) {
      found.add(at + " must be " + schema.get("const") + ", but was " + shown(value));
    }
    if (value instanceof Map<?, ?> map) {
      checkObject(schema, map, at, found);
    } else if (value instanceof List<?> list) {
      bounds(schema, "minItems", "maxItems", list.size(), at + " (its length)", found);
      if (schema.get("items") instanceof Map<?, ?> items) {
        for (int i = 0; i < list.size(); i++) {
          check(items, list.get(i), at + "[" + i + "]", found);
        }
      }
    } else if (value instanceof Double number) {
      bounds(schema, "minimum", "maximum", number, at, found);
    } else if (value instanceof String text) {
      bounds(
          schema,
          "minLength",
          "maxLength",
          text.codePointCount(0, text.length()),
          at + " (its length)",
          found);
      if (schema.get("pattern") instanceof String pattern
          && !Pattern.compile(pattern).matcher(text).find()) {
        found.add(at + " must match " + pattern + ", but was " + shown(text));
      }
    }
  }

  private void checkObject(Map<?, ?> schema, Map<?, ?> map, String at, List<String> found) {
    if (schema.get("required") instanceof List<?> names) {
      for (Object name : names) {
        if (!map.containsKey(name)) {
          found.add(at + " lacks " + name);
        }
      }
    }
    Map<?, ?> properties = schema.get("properties") instanceof Map<?, ?> p ? p : Map.of();
    Object others = schema.get("additionalProperties");
    map.forEach(
        (name, value) -> {
          String there = at + "." + name;
          if (properties.get(name) instanceof Map<?, ?> its) {
            check(its, value, there, found);
          } else if (others instanceof Map<?, ?> its) {
            check(its, value, there, found);
          } else if (Boolean.FALSE.equals(others)) {
            found.add(there + " is not described");
          }
        });
  }

  private static void bounds(
      Map<?, ?> schema, String low, String high, double value, String at, List<String> found) {
    if (schema.get(low) instanceof Double least && value < least) {
      found.add(at + " must be at least " + least + ", but was " + value);
    }
    if (schema.get(high) instanceof Double most && value > most) {
      found.add(at + " must be at most " + most + ", but was " + value);
    }
  }

  private static boolean isOf(String type, @Nullable Object value) {
    return switch (type) {
      case "object" -> value instanceof Map;
      case "array" -> value instanceof List;
      case "string" -> value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "number" -> value instanceof Double;
      case "integer" -> value instanceof Double number && number == Math.rint(number);
      default -> throw new IllegalArgumentException("no type " + type);
    };
  }

  private Map<?, ?> resolved(String ref) {
    Object place = root;
    for (String step : Arrays.asList(ref.split("/")).subList(1, ref.split("/").length)) {
      place = ((Map<?, ?>) Objects.requireNonNull(place, ref)).get(step);
    }
    return (Map<?, ?>) Objects.requireNonNull(place, ref);
  }

  /** Looks at the keywords of a schema and of all within it. */
  private static void requireKnown(Map<?, ?> schema) {
    Set<String> unknown = new TreeSet<>();
    schema.keySet().forEach(key -> unknown.add(String.valueOf(key)));
    unknown.removeAll(KNOWN);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("keywords that nothing checks: " + unknown);
    }
    for (String named : List.of("properties", "$defs")) {
      if (schema.get(named) instanceof Map<?, ?> map) {
        map.values().forEach(each -> requireKnown((Map<?, ?>) each));
      }
    }
    for (String single : List.of("items", "additionalProperties")) {
      if (schema.get(single) instanceof Map<?, ?> its) {
        requireKnown(its);
      }
    }
    if (schema.get("oneOf") instanceof List<?> choices) {
      choices.forEach(each -> requireKnown((Map<?, ?>) each));
    }
  }

  private static String shown(@Nullable Object value) {
    String text = String.valueOf(value);
    return "'" + (text.length() > 60 ? text.substring(0, 60) + "..." : text) + "'";
  }
}

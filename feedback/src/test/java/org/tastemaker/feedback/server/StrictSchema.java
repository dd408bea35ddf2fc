package org.tastemaker.feedback.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What OpenAI says of the schema of a strict structured output: an object at the root, every
 * property required and no others, known keywords only; up to 5000 properties, 10 levels, 1000
 * values of enums (500 until 2025), and 120,000 characters of names and values.
 */
public final class StrictSchema {
  private static final JsonSchema FORM = JsonSchema.of("strict-schema.json");
  private static final int MOST_PROPERTIES = 5000;
  private static final int MOST_LEVELS = 10;
  private static final int MOST_VALUES = 500;
  private static final int MOST_CHARACTERS = 120_000;

  private int properties;
  private int levels;
  private int values;
  private int characters;

  private StrictSchema() {}

  /** What is not allowed in it; empty if all is. */
  public static List<String> complaints(Object schema) {
    List<String> found = new ArrayList<>(FORM.complaints(schema));
    StrictSchema counts = new StrictSchema();
    counts.visit(schema, 1, "$", found);
    most("properties", counts.properties, MOST_PROPERTIES, found);
    most("levels", counts.levels, MOST_LEVELS, found);
    most("values of enums", counts.values, MOST_VALUES, found);
    most("characters of names and values", counts.characters, MOST_CHARACTERS, found);
    return found;
  }

  private void visit(Object schema, int level, String at, List<String> found) {
    if (!(schema instanceof Map<?, ?> map)) {
      return;
    }
    levels = Math.max(levels, level);
    if (map.get("enum") instanceof List<?> all) {
      values += all.size();
      all.forEach(value -> characters += String.valueOf(value).length());
    }
    if (map.get("properties") instanceof Map<?, ?> its) {
      if (!(map.get("required") instanceof List<?> required)
          || required.size() != its.size()
          || !required.containsAll(its.keySet())) {
        found.add(at + ": each property, and nothing else, must be required");
      }
      properties += its.size();
      its.forEach(
          (name, each) -> {
            characters += String.valueOf(name).length();
            visit(each, level + 1, at + "." + name, found);
          });
    }
    if (map.get("items") instanceof Map<?, ?> items) {
      visit(items, level + 1, at + "[]", found);
    }
  }

  private static void most(String what, int count, int most, List<String> found) {
    if (count > most) {
      found.add(count + " " + what + ", and at most " + most + " are allowed");
    }
  }
}

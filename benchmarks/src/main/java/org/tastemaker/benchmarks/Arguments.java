package org.tastemaker.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A program's settings, {@code name=value}.
 *
 * @param values by name, in the order of the defaults
 */
record Arguments(Map<String, String> values) {
  /**
   * Reads the arguments.
   *
   * @param defaults of all settings that there are: name, value, name, value
   */
  static Arguments parse(String[] args, String... defaults) {
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 0; i < defaults.length; i += 2) {
      values.put(defaults[i], defaults[i + 1]);
    }
    for (String arg : args) {
      int equals = arg.indexOf('=');
      if (equals < 1 || !values.containsKey(arg.substring(0, equals))) {
        throw new IllegalArgumentException(
            "a setting is name=value with a name of " + values.keySet() + ", but was " + arg);
      }
      values.put(arg.substring(0, equals), arg.substring(equals + 1));
    }
    return new Arguments(values);
  }

  String get(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no setting " + name);
    }
    return value;
  }

  /** A whole number, at least 1. */
  int count(String name) {
    try {
      int value = Integer.parseInt(get(name));
      if (value >= 1) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        name + " must be a whole number, at least 1, but was " + get(name));
  }

  /** A setting that is true or false. */
  boolean flag(String name) {
    return switch (get(name)) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(name + " must be true or false, but was " + get(name));
    };
  }
}

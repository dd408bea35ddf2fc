package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;

/**
 * Reads a model's config.json strictly: a setting that is not understood is an error, because it
 * would change what the network computes; but for {@link HarmlessSettings}. An absent setting has
 * the default that diffusers gives it.
 */
final class ConfigReader {
  private static final int SHOWN = 10;
  private static final Logger LOG = LoggerFactory.getLogger(ConfigReader.class);

  private final String where;
  private final JsonObject root;
  private final Set<String> read = new HashSet<>();

  private ConfigReader(String where, JsonObject root) {
    this.where = where;
    this.root = root;
  }

  /** Reads a file; every message names it. */
  static <T> T read(Path path, Function<ConfigReader, T> reading) {
    JsonObject root = Json.readObject(path, JsonLimits.configuration());
    try {
      return reading.apply(new ConfigReader(path.toString(), root));
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(path.toString())
          ? e
          : new IllegalArgumentException(path + ": " + message, e);
    }
  }

  static ConfigReader of(String where, String json) {
    return new ConfigReader(where, Json.parseObject(json, where, JsonLimits.configuration()));
  }

  /**
   * The settings in another's.
   *
   * @param key of an object
   * @param over an object whose settings, where it is there, come before those
   */
  ConfigReader object(String key, String over) {
    Object under = value(key);
    Object first = value(over);
    if (!(under instanceof Map<?, ?>) && !(first instanceof Map<?, ?>)) {
      throw error(key, under, "it must be an object with settings");
    }
    Map<String, @Nullable Object> settings = new LinkedHashMap<>();
    root.optionalObject(key).ifPresent(object -> settings.putAll(object.toMap()));
    root.optionalObject(over).ifPresent(object -> settings.putAll(object.toMap()));
    return of(where + ": " + key, Json.write(settings));
  }

  static void write(Path path, Map<String, @Nullable Object> settings) {
    try {
      Files.writeString(path, Json.writePretty(settings) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the configuration " + path, e);
    }
  }

  /** Settings that have no effect on what is computed here. */
  ConfigReader ignore(String... keys) {
    read.addAll(List.of(keys));
    return this;
  }

  /** Settings of which one value is supported; they may be absent. */
  ConfigReader only(Map<String, @Nullable Object> supported) {
    supported.forEach(
        (key, expected) -> {
          Object value = value(key);
          boolean same =
              !root.names().contains(key)
                  || Objects.equals(value, expected)
                  || (value instanceof Number a
                      && expected instanceof Number b
                      && a.doubleValue() == b.doubleValue());
          if (!same) {
            throw error(key, value, "supported is only " + Json.write(expected));
          }
        });
    return this;
  }

  int integer(String key, int byDefault) {
    Object value = value(key);
    if (value == null) {
      return byDefault;
    }
    if (!(value instanceof Integer number)) {
      throw error(key, value, "it must be a whole number");
    }
    return number;
  }

  double number(String key, double byDefault) {
    Object value = value(key);
    if (value == null) {
      return byDefault;
    }
    if (!(value instanceof Number number)) {
      throw error(key, value, "it must be a number");
    }
    return number.doubleValue();
  }

  boolean flag(String key, boolean byDefault) {
    Object value = value(key);
    if (value == null) {
      return byDefault;
    }
    if (!(value instanceof Boolean flag)) {
      throw error(key, value, "it must be true or false");
    }
    return flag;
  }

  String text(String key, String byDefault) {
    Object value = value(key);
    if (value == null) {
      return byDefault;
    }
    if (!(value instanceof String text)) {
      throw error(key, value, "it must be a text");
    }
    return text;
  }

  ImmutableList<Integer> integers(String key, List<Integer> byDefault) {
    return list(key, byDefault, Integer.class, "it must be a list of whole numbers");
  }

  /** A list with one number for each level; a single number stands for all of them. */
  ImmutableList<Integer> perLevel(String key, int byDefault, int levels) {
    Object value = value(key);
    if (value == null || value instanceof Integer) {
      Integer each = value instanceof Integer number ? number : byDefault;
      return ImmutableList.copyOf(Collections.nCopies(levels, each));
    }
    ImmutableList<Integer> values = integers(key, List.of());
    if (values.size() != levels) {
      throw error(key, value, "it must be one whole number or a list of " + levels);
    }
    return values;
  }

  ImmutableList<String> texts(String key, List<String> byDefault) {
    return list(key, byDefault, String.class, "it must be a list of texts");
  }

  private <T> ImmutableList<T> list(String key, List<T> byDefault, Class<T> type, String expected) {
    Object value = value(key);
    if (value == null) {
      return ImmutableList.copyOf(byDefault);
    }
    if (!(value instanceof List<?> list) || !list.stream().allMatch(type::isInstance)) {
      throw error(key, value, expected);
    }
    return list.stream().map(type::cast).collect(ImmutableList.toImmutableList());
  }

  /** Whether a setting is there and not null. */
  boolean has(String key) {
    return value(key) != null;
  }

  /** Throws if the file has a setting that was not read and could matter. */
  void done() {
    List<String> unknown = new ArrayList<>();
    List<String> harmless = new ArrayList<>();
    for (String key : root.names()) {
      if (!read.contains(key) && !key.startsWith("_")) {
        // What is null is not set.
        boolean idle = HarmlessSettings.KEYS.contains(key) || root.value(key) == null;
        (idle ? harmless : unknown).add(Configs.shorten(key + " = " + Json.write(root.value(key))));
      }
    }
    if (!harmless.isEmpty()) {
      LOG.info("{}: settings that change nothing here are left alone: {}", where, harmless);
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: unknown settings %s; known are %s",
              where,
              unknown.size() <= SHOWN
                  ? unknown
                  : unknown.subList(0, SHOWN) + " and " + (unknown.size() - SHOWN) + " more",
              read.stream().sorted().toList()));
    }
  }

  /** A setting as the file has it; null where it is missing. */
  private @Nullable Object value(String key) {
    read.add(key);
    return root.value(key);
  }

  private IllegalArgumentException error(String key, @Nullable Object value, String expected) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "%s: %s = %s is not supported; %s",
            where,
            key,
            Configs.shorten(Json.write(value)),
            expected));
  }
}

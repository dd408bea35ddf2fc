package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.SerializationFeature;

/**
 * Reads a model's config.json strictly: a setting that is not understood is an error, because it
 * would change what the network computes. An absent setting has the default that diffusers gives
 * it.
 */
final class ConfigReader {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final String where;
  private final JsonNode root;
  private final Set<String> read = new HashSet<>();

  private ConfigReader(String where, JsonNode root) {
    this.where = where;
    this.root = root;
  }

  static ConfigReader of(Path path) {
    try {
      return of(path.toString(), Files.readString(path));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the configuration " + path, e);
    }
  }

  static ConfigReader of(String where, String json) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(where + " is not JSON: " + e.getOriginalMessage(), e);
    }
    if (root == null || !root.isObject()) {
      throw new IllegalArgumentException(where + " must hold one JSON object");
    }
    return new ConfigReader(where, root);
  }

  static void write(Path path, Map<String, @Nullable Object> settings) {
    try {
      Files.writeString(path, JSON.writeValueAsString(settings) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the configuration " + path, e);
    }
  }

  /** Settings that have no effect on what is computed here. */
  ConfigReader ignore(String... keys) {
    read.addAll(List.of(keys));
    return this;
  }

  /** Settings that only one value is supported of; they may be absent. */
  ConfigReader only(Map<String, @Nullable Object> supported) {
    supported.forEach(
        (key, value) -> {
          JsonNode expected = JSON.valueToTree(value);
          JsonNode node = node(key);
          boolean same =
              node == null
                  || node.equals(expected)
                  || (node.isNumber()
                      && expected.isNumber()
                      && node.doubleValue() == expected.doubleValue());
          if (!same) {
            throw error(key, node, "supported is only " + expected);
          }
        });
    return this;
  }

  int integer(String key, int byDefault) {
    JsonNode node = present(key);
    if (node == null) {
      return byDefault;
    }
    if (!node.isInt()) {
      throw error(key, node, "it must be a whole number");
    }
    return node.intValue();
  }

  double number(String key, double byDefault) {
    JsonNode node = present(key);
    if (node == null) {
      return byDefault;
    }
    if (!node.isNumber()) {
      throw error(key, node, "it must be a number");
    }
    return node.doubleValue();
  }

  boolean flag(String key, boolean byDefault) {
    JsonNode node = present(key);
    if (node == null) {
      return byDefault;
    }
    if (!node.isBoolean()) {
      throw error(key, node, "it must be true or false");
    }
    return node.booleanValue();
  }

  String text(String key, String byDefault) {
    JsonNode node = present(key);
    if (node == null) {
      return byDefault;
    }
    if (!node.isTextual()) {
      throw error(key, node, "it must be a text");
    }
    return node.textValue();
  }

  ImmutableList<Integer> integers(String key, List<Integer> byDefault) {
    JsonNode node = present(key);
    if (node == null) {
      return ImmutableList.copyOf(byDefault);
    }
    ImmutableList.Builder<Integer> values = ImmutableList.builder();
    for (JsonNode element : elements(key, node)) {
      if (!element.isInt()) {
        throw error(key, node, "it must be a list of whole numbers");
      }
      values.add(element.intValue());
    }
    return values.build();
  }

  /** A list with one number for each level; a single number stands for all of them. */
  ImmutableList<Integer> perLevel(String key, int byDefault, int levels) {
    JsonNode node = present(key);
    if (node == null || node.isInt()) {
      int value = node == null ? byDefault : node.intValue();
      return ImmutableList.copyOf(Collections.nCopies(levels, value));
    }
    ImmutableList<Integer> values = integers(key, List.of());
    if (values.size() != levels) {
      throw error(key, node, "it must be one whole number or a list of " + levels);
    }
    return values;
  }

  ImmutableList<String> texts(String key, List<String> byDefault) {
    JsonNode node = present(key);
    if (node == null) {
      return ImmutableList.copyOf(byDefault);
    }
    ImmutableList.Builder<String> values = ImmutableList.builder();
    for (JsonNode element : elements(key, node)) {
      if (!element.isTextual()) {
        throw error(key, node, "it must be a list of texts");
      }
      values.add(element.textValue());
    }
    return values.build();
  }

  /** Whether a setting is there and not null. */
  boolean has(String key) {
    return present(key) != null;
  }

  /** Throws if the file has a setting that nobody asked for. */
  void done() {
    List<String> unknown = new ArrayList<>();
    root.fieldNames()
        .forEachRemaining(
            key -> {
              if (!read.contains(key) && !key.startsWith("_")) {
                unknown.add(key + " = " + root.get(key));
              }
            });
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: unknown settings %s; known are %s"
              .formatted(where, unknown, read.stream().sorted().toList()));
    }
  }

  private @Nullable JsonNode node(String key) {
    read.add(key);
    return root.get(key);
  }

  private @Nullable JsonNode present(String key) {
    JsonNode node = node(key);
    return node == null || node.isNull() ? null : node;
  }

  private List<JsonNode> elements(String key, JsonNode node) {
    if (!node.isArray()) {
      throw error(key, node, "it must be a list");
    }
    List<JsonNode> elements = new ArrayList<>();
    node.forEach(elements::add);
    return elements;
  }

  private IllegalArgumentException error(String key, @Nullable JsonNode value, String expected) {
    return new IllegalArgumentException(
        "%s: %s = %s is not supported; %s"
            .formatted(where, key, Objects.toString(value), expected));
  }
}

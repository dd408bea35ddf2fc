package org.tastemaker.core.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.core.type.TypeReference;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * The content of {@code run.json}.
 *
 * <p>Settings are kept as JSON gives them back, so that settings in memory and settings from a file
 * compare equal.
 */
record RunFile(int format, Map<String, Object> config, Provenance provenance) {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<TreeMap<String, Object>> OBJECT = new TypeReference<>() {};

  RunFile {
    try {
      config = Collections.unmodifiableMap(JSON.readValue(JSON.writeValueAsString(config), OBJECT));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "settings are strings, numbers, booleans, lists and maps of them, but these cannot be"
              + " written as JSON: "
              + e.getOriginalMessage(),
          e);
    }
  }

  static RunFile of(Map<String, ?> config, Provenance provenance) {
    return new RunFile(RunFolder.FORMAT, new TreeMap<>(config), provenance);
  }

  String toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", format);
    json.put("createdAt", provenance.createdAt().toString());
    json.put("config", config);
    json.put("environment", provenance.environment());
    json.put("seeds", provenance.seeds());
    json.put("hashes", provenance.hashes());
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a checked run file is always JSON", e);
    }
  }

  static RunFile read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "there is no run in " + file.getParent() + ": it has no run.json");
    }
    try {
      JsonNode json = JSON.readTree(Files.readAllBytes(file));
      int format = json.path("format").asInt(0);
      if (format > RunFolder.FORMAT) {
        throw new IllegalArgumentException(
            file
                + " is of format "
                + format
                + ", and this version reads up to format "
                + RunFolder.FORMAT
                + ": use the version of Tastemaker that wrote it, or a newer one");
      }
      if (format < 1) {
        throw new IllegalArgumentException(file + " is not a run's file: it names no format");
      }
      return new RunFile(
          format,
          JSON.convertValue(json.get("config"), OBJECT),
          new Provenance(
              Instant.parse(json.path("createdAt").asText()),
              JSON.convertValue(json.get("environment"), new TypeReference<>() {}),
              JSON.convertValue(json.get("seeds"), new TypeReference<>() {}),
              JSON.convertValue(json.get("hashes"), new TypeReference<>() {})));
    } catch (JsonProcessingException | DateTimeException | NullPointerException e) {
      throw new IllegalArgumentException(
          file + " is damaged and cannot be read as a run's file: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}

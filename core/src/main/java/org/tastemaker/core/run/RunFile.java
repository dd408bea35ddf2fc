package org.tastemaker.core.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonObject;

/**
 * The content of {@code run.json}.
 *
 * <p>Settings are kept as JSON gives them back, so that settings in memory and settings from a file
 * compare equal.
 */
record RunFile(int format, Map<String, Object> config, Provenance provenance) {
  /** The format that this version writes, and the newest that it reads. */
  private static final int FORMAT = 1;

  RunFile {
    try {
      config = sorted(Json.parseObject(Json.write(config), "settings"));
    } catch (JsonException e) {
      throw new IllegalArgumentException(
          "settings are strings, numbers, booleans, lists and maps of them, but these cannot be"
              + " written as JSON: "
              + e.getMessage(),
          e);
    }
  }

  static RunFile of(Map<String, ?> config, Provenance provenance) {
    return new RunFile(FORMAT, new TreeMap<>(config), provenance);
  }

  String toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", format);
    json.put("createdAt", provenance.createdAt().toString());
    json.put("config", config);
    json.put("environment", provenance.environment());
    json.put("seeds", provenance.seeds());
    json.put("hashes", provenance.hashes());
    return Json.writePretty(json) + "\n";
  }

  static RunFile read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "there is no run in " + file.getParent() + ": it has no run.json");
    }
    try {
      JsonObject json = Json.readObject(file);
      int format = json.integer("format", 0);
      if (format > FORMAT) {
        throw newer(file, format);
      }
      if (format < 1) {
        throw new IllegalArgumentException(file + " is not a run's file: it names no format");
      }
      return new RunFile(
          format,
          sorted(json.object("config")),
          new Provenance(
              Instant.parse(json.text("createdAt")),
              json.object("environment").toTexts(),
              json.object("seeds").toLongs(),
              json.object("hashes").toTexts()));
    } catch (JsonException | DateTimeException e) {
      throw new IllegalArgumentException(
          file + " is damaged and cannot be read as a run's file: " + e.getMessage(), e);
    }
  }

  private static IllegalArgumentException newer(Path file, int format) {
    return new IllegalArgumentException(
        file
            + " is of format "
            + format
            + ", and this version reads up to format "
            + FORMAT
            + ": use the version of Tastemaker that wrote it, or a newer one");
  }

  /** By name; a setting that is null is none. */
  private static Map<String, Object> sorted(JsonObject json) {
    return Collections.unmodifiableMap(new TreeMap<>(json.toValues()));
  }
}

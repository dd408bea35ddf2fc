package org.tastemaker.examples.simulated;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.align.StoredSettings;

/**
 * What came out for a condition on a seed.
 *
 * @param part {@link #JUDGED} or {@link #TRAINED}
 * @param condition its id
 * @param seed of all
 * @param setup the settings
 * @param figures by name; finite
 */
record Outcome(
    String part, String condition, long seed, Settings setup, Map<String, Double> figures) {
  /** On finished images. */
  static final String JUDGED = "judged";

  /** In a training. */
  static final String TRAINED = "trained";

  Outcome {
    figures = Map.copyOf(figures);
    figures.forEach(
        (name, value) -> {
          if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(name + " must be finite, but was " + value);
          }
        });
  }

  /** A figure that must be there. */
  double figure(String name) {
    return Objects.requireNonNull(figures.get(name), name);
  }

  static Path file(Path folder, String part, Condition condition, long seed) {
    return folder.resolve(part + "." + condition.id() + "." + seed + ".json");
  }

  void write(Path file) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("part", part);
    json.put("condition", condition);
    json.put("seed", seed);
    json.put("setup", setup.values());
    json.put("figures", new TreeMap<>(figures));
    AtomicFiles.write(file, Json.write(json) + "\n");
  }

  static Outcome read(Path file) {
    try {
      JsonObject json = Json.readObject(file);
      return new Outcome(
          json.text("part"),
          json.text("condition"),
          json.longInteger("seed"),
          StoredSettings.read(json.object("setup")),
          json.object("figures").toNumbers());
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          file + " is not an outcome: " + e.getMessage() + "; delete it to have it made again", e);
    }
  }

  /**
   * All outcomes of a folder, by seed.
   *
   * @throws IllegalArgumentException if a file is none, or has other settings
   */
  static List<Outcome> readAll(Path folder, Settings setup) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(
              file -> {
                Outcome outcome = read(file);
                StoredSettings.requireSame(file, outcome.setup, setup);
                return outcome;
              })
          .sorted(Comparator.comparingLong(Outcome::seed))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the outcomes in " + folder, e);
    }
  }
}

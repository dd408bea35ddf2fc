package org.tastemaker.optim.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.core.type.TypeReference;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.tastemaker.core.run.AtomicFiles;

/**
 * The small part of a checkpoint: {@code checkpoint.json} in its folder, with the format, who wrote
 * it, the step, the settings that must be the same to go on, and what else the writer must know.
 *
 * <pre>
 *   checkpoints/000012/                   an AlignmentRun's
 *     checkpoint.json
 *     optimizer/checkpoint.json           an optimizer's
 *     optimizer/policy/                   weights, moments, average: {@link DiffusionPolicy#save}
 * </pre>
 *
 * <p>There is no state of a random generator: everything drawn is a function of the seed, which is
 * among the settings, and of the step. Doubles go through JSON without loss.
 *
 * @param step how many steps had been done
 * @param state what {@link #write} was given, as JSON gives it back: maps, lists, strings, Integer
 *     or Long, Double
 */
public record CheckpointFile(long step, Map<String, Object> state) {
  private static final int FORMAT = 1;
  private static final String FILE = "checkpoint.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Writes the file.
   *
   * @param folder existing, without such a file
   * @param writer such as {@code "ddpo"}
   * @param step how many steps have been done
   * @param settings what one that goes on must have in common with this one
   * @param state what else it must know, in JSON's types
   */
  public static void write(
      Path folder, String writer, long step, Map<String, String> settings, Map<String, ?> state) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("writer", writer);
    json.put("step", step);
    json.put("settings", new TreeMap<>(settings));
    json.put("state", state);
    try {
      AtomicFiles.write(
          folder.resolve(FILE), JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("the state of " + writer + " cannot be written", e);
    }
  }

  /**
   * A new folder within a checkpoint's.
   *
   * @param folder of the checkpoint
   * @param name of the part
   * @return the folder, made
   */
  public static Path newPart(Path folder, String name) {
    try {
      return Files.createDirectory(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a folder in " + folder, e);
    }
  }

  /**
   * Reads the file.
   *
   * @param folder that {@link #write} filled
   * @param writer that must have written it
   * @param settings of the one that goes on
   * @return what it holds
   * @throws IllegalArgumentException if there is none, or one of another writer or settings, or a
   *     damaged one; the message lists what differs
   */
  public static CheckpointFile read(Path folder, String writer, Map<String, String> settings) {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "there is no checkpoint in %s: it has no %s".formatted(folder, FILE));
    }
    try {
      JsonNode json = JSON.readTree(Files.readAllBytes(file));
      int format = json.path("format").asInt(0);
      if (format > FORMAT) {
        throw new IllegalArgumentException(
            "%s is of format %d, and this version reads up to format %d: use the version of Tastemaker that wrote it, or a newer one"
                .formatted(file, format, FORMAT));
      }
      if (format < 1
          || !json.path("step").canConvertToLong()
          || json.path("step").asLong() < 0
          || !json.path("writer").isTextual()
          || !json.path("settings").isObject()
          || !json.path("state").isObject()) {
        throw new IllegalArgumentException(
            "%s is not of a checkpoint of \"%s\", or damaged: it lacks its format, writer, step, settings or state"
                .formatted(file, writer));
      }
      if (!json.path("writer").asText().equals(writer)) {
        throw new IllegalArgumentException(
            "%s holds a checkpoint of \"%s\", but this is \"%s\""
                .formatted(folder, json.path("writer").asText(), writer));
      }
      requireSettings(
          folder, JSON.convertValue(json.path("settings"), new TypeReference<>() {}), settings);
      return new CheckpointFile(
          json.path("step").asLong(),
          JSON.convertValue(json.path("state"), new TypeReference<>() {}));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "%s is damaged and cannot be read: %s".formatted(file, e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static void requireSettings(
      Path folder, Map<String, String> there, Map<String, String> here) {
    TreeSet<String> keys = new TreeSet<>(there.keySet());
    keys.addAll(here.keySet());
    List<String> differences = new ArrayList<>();
    for (String key : keys) {
      String found = there.getOrDefault(key, "not set");
      String wanted = here.getOrDefault(key, "not set");
      if (!found.equals(wanted)) {
        differences.add("%s is %s in the checkpoint and %s now".formatted(key, found, wanted));
      }
    }
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          "the checkpoint in %s is of a run with other settings: %s. Use the same settings to go on, or begin a new run"
              .formatted(folder, String.join("; ", differences)));
    }
  }
}

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
 * What a policy optimizer leaves in a checkpoint's folder.
 *
 * <pre>
 *   optimizer.json    format, algorithm, step, settings, state (what only this algorithm has)
 *   policy/           weights, moments, average: {@link DiffusionPolicy#save}
 * </pre>
 *
 * <p>There is no state of a random generator: everything drawn is a function of the seed, which is
 * among the settings, and of the step. Doubles go through JSON without loss.
 *
 * @param step how many steps the optimizer had done
 * @param state what {@link #write} was given, as JSON gives it back: maps, lists, strings, Integer
 *     or Long, Double
 */
public record OptimizerCheckpoint(long step, Map<String, Object> state) {
  private static final int FORMAT = 1;
  private static final String FILE = "optimizer.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Writes a checkpoint.
   *
   * @param folder existing and empty
   * @param algorithm such as {@code "ddpo"}
   * @param step how many steps the optimizer has done
   * @param settings what an optimizer that goes on must have in common with this one
   * @param state what else it must know, in JSON's types
   * @param policy what is trained
   */
  public static void write(
      Path folder,
      String algorithm,
      long step,
      Map<String, String> settings,
      Map<String, ?> state,
      DiffusionPolicy policy) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("algorithm", algorithm);
    json.put("step", step);
    json.put("settings", new TreeMap<>(settings));
    json.put("state", state);
    try {
      policy.save(Files.createDirectory(policyFolder(folder)));
      AtomicFiles.write(
          folder.resolve(FILE), JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write a checkpoint to " + folder, e);
    }
  }

  /**
   * Reads a checkpoint, all but the policy.
   *
   * @param folder that {@link #write} filled
   * @param algorithm that wrote it
   * @param settings of the optimizer that goes on
   * @return what it holds
   * @throws IllegalArgumentException if there is none, or one of another algorithm or settings, or
   *     a damaged one; the message lists what differs
   */
  public static OptimizerCheckpoint read(
      Path folder, String algorithm, Map<String, String> settings) {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "there is no optimizer's checkpoint in %s: it has no %s".formatted(folder, FILE));
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
          || !json.path("algorithm").isTextual()
          || !json.path("settings").isObject()
          || !json.path("state").isObject()) {
        throw new IllegalArgumentException(
            file + " is damaged: it lacks its format, algorithm, step, settings or state");
      }
      if (!json.path("algorithm").asText().equals(algorithm)) {
        throw new IllegalArgumentException(
            "%s holds a checkpoint of the optimizer \"%s\", but this is \"%s\""
                .formatted(folder, json.path("algorithm").asText(), algorithm));
      }
      requireSettings(
          folder, JSON.convertValue(json.path("settings"), new TypeReference<>() {}), settings);
      return new OptimizerCheckpoint(
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

  /**
   * Where the policy is in a checkpoint's folder.
   *
   * @param folder of the checkpoint
   * @return for {@link DiffusionPolicy#restore}
   */
  public static Path policyFolder(Path folder) {
    return folder.resolve("policy");
  }
}

package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;

/**
 * The small part of a checkpoint: {@code checkpoint.json} in its folder, with the format, who wrote
 * it, the step, the settings that must be the same to resume, and what else the writer must know.
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
 * @param state what {@link #write} was given
 * @param changes what has another value now and may have it, a sentence each
 */
public record CheckpointFile(long step, JsonObject state, List<String> changes) {
  private static final int FORMAT = 1;
  private static final String FILE = "checkpoint.json";

  /**
   * What has changed here and in a part.
   *
   * @param part a sentence for each change of the part's settings
   * @return the changes of both
   */
  public List<String> changesAnd(List<String> part) {
    return ImmutableList.<String>builder().addAll(changes).addAll(part).build();
  }

  /**
   * Writes the file.
   *
   * @param folder existing, without such a file
   * @param writer such as {@code "ddpo"}
   * @param step how many steps have been done
   * @param settings what one that resumes must have in common with this one
   * @param state what else it must know, in JSON's types
   */
  public static void write(
      Path folder, String writer, long step, Settings settings, Map<String, ?> state) {
    Map<String, Object> json = new TreeMap<>();
    json.put("format", FORMAT);
    json.put("writer", writer);
    json.put("step", step);
    json.put("settings", settings.values());
    json.put("state", state);
    String text = Json.writePretty(sorted(json));
    if (text.length() > JsonLimits.large().bytes()) {
      throw new IllegalArgumentException(
          "the state of \""
              + writer
              + "\" is "
              + text.length()
              + " characters, but a checkpoint that can be read has at most "
              + JsonLimits.large().bytes());
    }
    AtomicFiles.write(folder.resolve(FILE), text);
  }

  /** By name at every level: the same state is the same file in every process. */
  private static @Nullable Object sorted(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> sorted = new TreeMap<>();
      map.forEach((name, entry) -> sorted.put(String.valueOf(name), sorted(entry)));
      return sorted;
    }
    if (value instanceof Iterable<?> list) {
      List<@Nullable Object> all = new ArrayList<>();
      list.forEach(entry -> all.add(sorted(entry)));
      return all;
    }
    return value;
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
   * @param settings of the one that resumes
   * @param mayChange names of settings that may be others than those in the file
   * @return what it holds
   * @throws IllegalArgumentException if there is none, or one of another writer or settings, or a
   *     damaged one; the message lists what differs
   */
  public static CheckpointFile read(
      Path folder, String writer, Settings settings, Set<String> mayChange) {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "there is no checkpoint in " + folder + ": it has no " + FILE);
    }
    JsonObject json = Json.readObject(file, JsonLimits.large());
    if (json.integer("format", 0) > FORMAT) {
      throw new IllegalArgumentException(
          file
              + " is of format "
              + json.integer("format")
              + ", and this version reads up to format "
              + FORMAT
              + ": use the version of Tastemaker that wrote it, or a newer one");
    }
    long step;
    JsonObject state;
    String found;
    Settings saved;
    try {
      step = json.longInteger("step");
      state = json.object("state");
      found = json.text("writer");
      saved = new Settings(json.object("settings").toTexts());
      if (json.integer("format") < 1 || step < 0) {
        throw json.unexpected("step", "a number of at least 0, and a format of at least 1");
      }
    } catch (JsonException e) {
      throw new IllegalArgumentException(
          file + " is not of a checkpoint of \"" + writer + "\", or damaged: " + e.getMessage(), e);
    }
    if (!found.equals(writer)) {
      throw new IllegalArgumentException(
          folder + " holds a checkpoint of \"" + found + "\", but this is \"" + writer + "\"");
    }
    List<String> changes =
        settings.requireSameAs(
            saved,
            "in the checkpoint",
            "the checkpoint in " + folder + " is of a run with other settings",
            "begin a new run",
            mayChange);
    return new CheckpointFile(step, state, changes);
  }
}

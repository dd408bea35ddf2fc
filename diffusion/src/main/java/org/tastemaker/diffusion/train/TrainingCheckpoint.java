package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * The description of a checkpoint, and its files.
 *
 * <pre>
 *   checkpoint.json               format, trainer, step, settings, digests of the files below
 *   weights.safetensors           the trained weights
 *   first_moments.safetensors     the optimizer's
 *   second_moments.safetensors
 *   averages.safetensors          of the weights, if the run keeps them
 * </pre>
 *
 * <p>The tensors are F32, bit for bit, in the layout of memory, and named by network and parameter.
 * No state of a random generator is stored, because there is none: everything drawn is a function
 * of the seed, which is among the settings, and of a batch's number.
 *
 * @param trainer what wrote it, such as {@code "denoising"}
 * @param step how many updates had been done
 * @param settings of the run, by name
 * @param digests the SHA-256 of each file, by its name
 */
public record TrainingCheckpoint(
    String trainer, long step, Settings settings, ImmutableMap<String, String> digests) {
  /** The format that this version writes, and the newest that it reads. */
  private static final int FORMAT = 1;

  private static final String FILE = "checkpoint.json";

  private static final String WAY_OUT =
      "use an earlier checkpoint: delete or move this one's folder, and the run is resumed from the"
          + " one before";

  /**
   * Reads a checkpoint's description, and none of its tensors.
   *
   * @param folder of the checkpoint
   * @return its description
   * @throws IllegalArgumentException if there is no checkpoint, or a damaged one, or one of a newer
   *     format
   */
  public static TrainingCheckpoint read(Path folder) {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "there is no training checkpoint in %s: it has no %s", folder, FILE));
    }
    try {
      JsonObject json = Json.readObject(file);
      int format = json.integer("format");
      if (format > FORMAT) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s is of format %s, and this version reads up to format %s: use the version of Tastemaker that wrote it, or a newer one",
                file,
                format,
                FORMAT));
      }
      long step = json.longInteger("step");
      if (format < 1 || step < 0) {
        throw json.unexpected(format < 1 ? "format" : "step", "a number of at least 0");
      }
      return new TrainingCheckpoint(
          json.text("trainer"),
          step,
          new Settings(json.object("settings").toTexts()),
          ImmutableMap.copyOf(json.object("digests").toTexts()));
    } catch (JsonException e) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "the checkpoint in %s is damaged: %s", folder, e.getMessage()),
          e);
    }
  }

  /**
   * Writes a state into a folder.
   *
   * @param folder empty
   * @param trainer what writes it
   * @param settings what a run that is resumed must have in common with this one
   * @param state what is trained
   */
  public static void write(Path folder, String trainer, Settings settings, TrainingState state) {
    Map<String, String> digests = new TreeMap<>();
    state
        .buffers()
        .forEach(
            (kind, buffers) -> {
              Path file = folder.resolve(kind + ".safetensors");
              writeTensors(file, state.weights(), buffers);
              try (SafetensorsFile written = SafetensorsFile.open(file)) {
                digests.put(kind, written.sha256());
              }
            });
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("trainer", trainer);
    json.put("step", state.step());
    json.put("settings", settings.values());
    json.put("digests", digests);
    try {
      Files.writeString(folder.resolve(FILE), Json.writePretty(json) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder.resolve(FILE), e);
    }
  }

  private static void writeTensors(
      Path file, ImmutableMap<String, INDArray> weights, List<FloatBuffer> buffers) {
    SafetensorsWriter writer = new SafetensorsWriter();
    int i = 0;
    for (Map.Entry<String, INDArray> entry : weights.entrySet()) {
      FloatBuffer buffer = buffers.get(i++);
      if (buffer.hasArray()) {
        writer.add(entry.getKey(), buffer.array(), DType.F32, entry.getValue().shape());
      } else {
        writer.add(entry.getKey(), entry.getValue(), DType.F32);
      }
    }
    writer.write(file);
  }

  /**
   * Fills a state from a folder, which is checked as a whole before anything changes.
   *
   * @param folder that {@link #write} filled
   * @param trainer what wrote it
   * @param settings of this run
   * @param mayChange names of settings that may be others than those of the checkpoint, such as the
   *     learning rate
   * @param steps how many updates the run may have done at most
   * @param state receives the weights, the moments, the averages and the number of updates
   * @return what has changed of these settings, a sentence each
   * @throws IllegalArgumentException if it is of another run, or damaged; nothing has changed then
   */
  public static List<String> restore(
      Path folder,
      String trainer,
      Settings settings,
      Set<String> mayChange,
      long steps,
      TrainingState state) {
    TrainingCheckpoint checkpoint = read(folder);
    List<String> changes = checkpoint.requireRun(folder, trainer, settings, mayChange, steps);
    ImmutableMap<String, List<FloatBuffer>> kinds = state.buffers();
    Map<String, SafetensorsFile> files = new LinkedHashMap<>();
    try {
      for (String kind : kinds.keySet()) {
        SafetensorsFile file = SafetensorsFile.open(part(folder, kind));
        files.put(kind, file);
        requireTensors(file, state.weights());
        if (!file.sha256().equals(checkpoint.digests.get(kind))) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "%s is damaged: its SHA-256 is not the one that %s has; %s",
                  file.path(),
                  FILE,
                  WAY_OUT));
        }
      }
      kinds.forEach(
          (kind, buffers) -> {
            SafetensorsFile file = Objects.requireNonNull(files.get(kind));
            int i = 0;
            for (String name : state.weights().keySet()) {
              file.readFloats(name, buffers.get(i++));
            }
          });
    } catch (SafetensorsException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the checkpoint in %s is damaged: %s; %s",
              folder,
              e.getMessage(),
              WAY_OUT),
          e);
    } finally {
      files.values().forEach(SafetensorsFile::close);
    }
    state.resume(checkpoint.step);
    return changes;
  }

  /** A file of the checkpoint, which must be there and lie in its folder. */
  private static Path part(Path folder, String kind) {
    Path file = FolderBounds.of(folder).resolve(kind + ".safetensors");
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the checkpoint in %s is not complete: %s is missing. Put it back, or %s",
              folder,
              file.getFileName(),
              WAY_OUT));
    }
    return file;
  }

  private List<String> requireRun(
      Path folder, String expectedTrainer, Settings expected, Set<String> mayChange, long steps) {
    if (!trainer.equals(expectedTrainer)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s holds a checkpoint of the trainer \"%s\", but this is the trainer \"%s\"",
              folder,
              trainer,
              expectedTrainer));
    }
    List<String> changes =
        expected.requireSameAs(
            settings,
            "in the checkpoint",
            "the checkpoint in " + folder + " is of a run with other settings",
            "begin a new run",
            mayChange);
    if (step > steps) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the checkpoint in %s has done %s steps, but the run is to end after %s",
              folder,
              step,
              steps));
    }
    return changes;
  }

  private static void requireTensors(SafetensorsFile file, ImmutableMap<String, INDArray> weights) {
    List<String> differences = new ArrayList<>();
    weights.forEach(
        (name, weight) -> {
          ImmutableLongArray expected = ImmutableLongArray.copyOf(weight.shape());
          if (!file.names().contains(name)) {
            differences.add(name + " is missing");
          } else if (file.info(name).dtype() != DType.F32
              || !file.info(name).shape().equals(expected)) {
            differences.add(
                String.format(
                    Locale.ROOT,
                    "%s is %s %s and not F32 %s",
                    name,
                    file.info(name).dtype(),
                    file.info(name).shape(),
                    expected));
          }
        });
    file.names().stream()
        .filter(name -> !weights.containsKey(name))
        .forEach(name -> differences.add(name + " is not trained here"));
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is of other weights, in %s places, such as: %s. Is it of the same model, with the same parameters trained?",
              file.path(),
              differences.size(),
              String.join("; ", differences.subList(0, Math.min(10, differences.size())))));
    }
  }
}

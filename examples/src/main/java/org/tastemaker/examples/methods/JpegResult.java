package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.align.StoredSettings;
import org.tastemaker.reward.image.JpegReward;

/**
 * The result of one training on the size of JPEG files.
 *
 * @param direction of the reward
 * @param seed of the training
 * @param settings what must be equal for results to be compared
 * @param kilobytes mean size of the images of each round, before the round's update
 * @param before size of each held-out image of the base model
 * @param after size of each held-out image of the trained model
 * @param kl KL divergence from the base model along a trajectory, in nats
 */
record JpegResult(
    Direction direction,
    long seed,
    Settings settings,
    List<Double> kilobytes,
    List<Double> before,
    List<Double> after,
    double kl) {
  private static final Pattern OLD_SETTINGS =
      Pattern.compile(
          "\\{(\\w+=.*, )prompts=\\[(.*)], (\\w+=.*)}, rate (.*), clip range (.*), (\\d+) updates");

  /** Which images are rewarded. */
  enum Direction {
    /** Those whose files are small. */
    COMPRESSIBILITY,
    /** Those whose files are large. */
    INCOMPRESSIBILITY;

    String id() {
      return name().toLowerCase(Locale.ROOT);
    }

    JpegReward reward() {
      return this == COMPRESSIBILITY
          ? JpegReward.compressibility()
          : JpegReward.incompressibility();
    }
  }

  JpegResult {
    kilobytes = List.copyOf(kilobytes);
    before = List.copyOf(before);
    after = List.copyOf(after);
    if (kilobytes.isEmpty() || before.isEmpty() || before.size() != after.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be rounds and as many images before as after, but there were %s, %s, %s",
              kilobytes.size(),
              before.size(),
              after.size()));
    }
  }

  static Path file(Path folder, Direction direction, long seed) {
    return folder.resolve(String.format(Locale.ROOT, "%s-%d.json", direction.id(), seed));
  }

  void write(Path folder) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("direction", direction.id());
    json.put("seed", seed);
    json.put("settings", settings.values());
    json.put("kilobytes", kilobytes);
    json.put("before", before);
    json.put("after", after);
    json.put("kl", kl);
    try {
      Files.createDirectories(folder);
      AtomicFiles.write(file(folder, direction, seed), Json.write(json) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write a result into " + folder, e);
    }
  }

  /** Version 0.1 wrote them as one text. */
  private static Settings settings(JsonObject json) {
    if (!(json.value("settings") instanceof String text)) {
      return StoredSettings.read(json.object("settings"));
    }
    Matcher old = OLD_SETTINGS.matcher(text);
    if (!old.matches()) {
      throw new IllegalArgumentException("its settings are '" + text + "'");
    }
    Settings settings =
        Settings.none()
            .with("prompts", List.of(old.group(2).split(", ", -1)))
            .with("learningRate", old.group(4))
            .with("clipRange", old.group(5))
            .with("updates", old.group(6));
    for (String entry : (old.group(1) + old.group(3)).split(", ", -1)) {
      String[] nameAndValue = entry.split("=", 2);
      settings = settings.with(nameAndValue[0], nameAndValue[1]);
    }
    return settings;
  }

  /**
   * Reads a result.
   *
   * @throws IllegalArgumentException if the file is not one
   */
  static JpegResult read(Path file) {
    try {
      JsonObject json = Json.readObject(file);
      String id = json.text("direction");
      Direction direction =
          Arrays.stream(Direction.values())
              .filter(d -> d.id().equals(id))
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException("its direction is '" + id + "'"));
      return new JpegResult(
          direction,
          json.longInteger("seed"),
          settings(json),
          json.numbers("kilobytes"),
          json.numbers("before"),
          json.numbers("after"),
          json.number("kl"));
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is not a result of this experiment: %s; delete it to do the training again",
              file,
              e.getMessage()),
          e);
    }
  }
}

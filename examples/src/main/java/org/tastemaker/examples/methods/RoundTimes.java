package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.align.StoredSettings;

/**
 * How long a judged image takes by each method: of rounds that were run in turns, so that all had
 * the same machine. A curve's own seconds depend on what else its machine was doing for hours.
 *
 * @param settings that all rounds had
 * @param secondsPerImage of each line of the table, one number for each timed round
 */
record RoundTimes(Settings settings, Map<String, List<Double>> secondsPerImage) {
  RoundTimes {
    Map<String, List<Double>> copy = new LinkedHashMap<>();
    secondsPerImage.forEach((line, seconds) -> copy.put(line, List.copyOf(seconds)));
    secondsPerImage = copy;
  }

  /** The fewest rounds that a line has. */
  int rounds() {
    return secondsPerImage.values().stream().mapToInt(List::size).min().orElse(0);
  }

  /** The median of a line, if it was timed. */
  OptionalDouble of(String line) {
    List<Double> seconds = secondsPerImage.getOrDefault(line, List.of());
    if (seconds.isEmpty()) {
      return OptionalDouble.empty();
    }
    double[] sorted = seconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return Arrays.stream(sorted, (sorted.length - 1) / 2, sorted.length / 2 + 1).average();
  }

  /** In words: seconds an image, by line. */
  String medians() {
    return secondsPerImage.keySet().stream()
        .map(line -> String.format(Locale.ROOT, "%s %.4f s", line, of(line).orElseThrow()))
        .collect(Collectors.joining(", "));
  }

  /**
   * The curves with these times instead of their own; those that were not timed have no seconds.
   */
  List<LongCurve> appliedTo(List<LongCurve> curves) {
    List<LongCurve> timed = new ArrayList<>();
    for (LongCurve curve : curves) {
      double perImage = of(curve.subject().line()).orElse(Double.NaN);
      timed.add(curve.withSeconds(images -> images * perImage));
    }
    return timed;
  }

  /** These, and of what was not timed those of others, which have the same settings. */
  RoundTimes orThoseOf(RoundTimes others) {
    Map<String, List<Double>> both = new LinkedHashMap<>(others.secondsPerImage);
    both.putAll(secondsPerImage);
    return new RoundTimes(settings, both);
  }

  /** All curves of a folder, with the seconds of the times in it if there are some. */
  static List<LongCurve> curvesOf(Path folder) {
    List<LongCurve> curves = LongCurve.readAll(folder);
    return read(folder).map(times -> times.appliedTo(curves)).orElse(curves);
  }

  void write(Path folder) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("settings", settings.values());
    json.put("secondsPerImage", secondsPerImage);
    try {
      Files.createDirectories(folder);
      AtomicFiles.write(folder.resolve(LongCurve.TIMES), Json.writePretty(json) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write times into " + folder, e);
    }
  }

  /**
   * The times in a folder, if there are some.
   *
   * @throws IllegalArgumentException if the file is not one that {@link #write} wrote
   */
  static Optional<RoundTimes> read(Path folder) {
    Path file = folder.resolve(LongCurve.TIMES);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonObject json = Json.readObject(file);
      JsonObject perImage = json.object("secondsPerImage");
      Map<String, List<Double>> seconds = new LinkedHashMap<>();
      perImage.names().forEach(line -> seconds.put(line, perImage.numbers(line)));
      return Optional.of(new RoundTimes(StoredSettings.read(json.object("settings")), seconds));
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          file + " does not hold times: " + e.getMessage() + "; delete it and use --time again", e);
    }
  }
}

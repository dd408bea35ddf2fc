package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.align.StoredSettings;

/**
 * The result of a trial.
 *
 * @param method that trained
 * @param setting of the method
 * @param seed of the trial
 * @param protocol of it, as {@link Protocol#settings}
 * @param points measurements during training, from no images to all
 * @param before score of each held-out image of the base model
 * @param after score of each held-out image of the trained model, the same prompts and seeds
 * @param kl KL divergence from the base model along a trajectory, in nats
 * @param message how the training ended
 */
record TrialResult(
    Method method,
    Setting setting,
    long seed,
    Settings protocol,
    List<Point> points,
    List<Double> before,
    List<Double> after,
    double kl,
    String message) {
  /**
   * A measurement during training.
   *
   * @param images made and judged so far
   * @param processorSeconds of the training so far, without measurements
   * @param wallSeconds likewise, by the clock
   * @param reward mean score of the held-out images
   */
  record Point(int images, double processorSeconds, double wallSeconds, double reward) {}

  TrialResult {
    points = List.copyOf(points);
    before = List.copyOf(before);
    after = List.copyOf(after);
    if (before.isEmpty() || before.size() != after.size() || points.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a result needs points and as many scores before as after, but there were %s, %s, %s",
              points.size(),
              before.size(),
              after.size()));
    }
    if (!Double.isFinite(kl)
        || !Stream.concat(before.stream(), after.stream()).allMatch(Double::isFinite)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "scores and KL must be finite, but the KL was %s and the scores %s, %s",
              kl,
              before,
              after));
    }
  }

  /** The measurement at the end. */
  Point last() {
    return points.get(points.size() - 1);
  }

  /** After minus before, image by image. */
  List<Double> changes() {
    return IntStream.range(0, before.size()).mapToObj(i -> after.get(i) - before.get(i)).toList();
  }

  static Path file(Path folder, Method method, long seed) {
    return folder.resolve(String.format(Locale.ROOT, "%s-%d.json", method.id(), seed));
  }

  void write(Path folder) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("method", method.id());
    json.put("seed", seed);
    json.put("learningRate", setting.learningRate());
    json.put("updates", setting.updates());
    json.put("strength", setting.strength());
    json.put("protocol", protocol.values());
    json.put(
        "points",
        points.stream()
            .map(
                p ->
                    List.of((double) p.images(), p.processorSeconds(), p.wallSeconds(), p.reward()))
            .toList());
    json.put("before", before);
    json.put("after", after);
    json.put("kl", kl);
    json.put("message", message);
    try {
      Files.createDirectories(folder);
      AtomicFiles.write(file(folder, method, seed), Json.write(json) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write a result into " + folder, e);
    }
  }

  /**
   * Reads a result.
   *
   * @throws IllegalArgumentException if the file is not one
   */
  static TrialResult read(Path file) {
    try {
      JsonObject json = Json.readObject(file);
      for (String field :
          List.of("method", "seed", "learningRate", "updates", "strength", "protocol", "kl")) {
        if (!json.has(field)) {
          throw new IllegalArgumentException("it has no " + field);
        }
      }
      List<Point> points = new ArrayList<>();
      for (List<Double> p : json.numberLists("points")) {
        if (p.size() != 4) {
          throw new IllegalArgumentException("a point has 4 numbers, but one is " + p);
        }
        points.add(new Point((int) (double) p.get(0), p.get(1), p.get(2), p.get(3)));
      }
      return new TrialResult(
          Method.of(json.text("method")),
          new Setting(
              json.number("learningRate"), json.integer("updates"), json.number("strength")),
          json.longInteger("seed"),
          StoredSettings.read(json.object("protocol")),
          points,
          json.numbers("before"),
          json.numbers("after"),
          json.number("kl"),
          json.text("message"));
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is not the result of a trial: %s; delete it to do the trial again",
              file,
              e.getMessage()),
          e);
    }
  }

  /**
   * All results of a folder, by method and seed.
   *
   * @throws IllegalArgumentException if a file is not a result, or two cannot be compared
   */
  static List<TrialResult> readAll(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<TrialResult> results =
          files
              .filter(file -> file.toString().endsWith(".json"))
              .map(TrialResult::read)
              .sorted(Comparator.comparing(TrialResult::method).thenComparing(TrialResult::seed))
              .toList();
      requireComparable(results, folder);
      return results;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the results in " + folder, e);
    }
  }

  private static void requireComparable(List<TrialResult> results, Path folder) {
    Map<Method, Setting> settings = new EnumMap<>(Method.class);
    for (TrialResult result : results) {
      Setting first = settings.computeIfAbsent(result.method, method -> result.setting);
      if (!result.protocol.equals(results.get(0).protocol) || !result.setting.equals(first)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s and the results before it in %s have different settings and cannot be compared; keep one folder for each",
                file(folder, result.method, result.seed).getFileName(),
                folder));
      }
    }
  }
}

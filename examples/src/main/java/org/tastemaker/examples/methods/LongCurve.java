package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.align.StoredSettings;

/**
 * What a long training has reached so far, over images and seconds: a small file that outlives the
 * run's folder.
 *
 * @param subject what was trained
 * @param settings of the training, as {@link Subject#settings}
 * @param points from no images on, ascending
 * @param warnings the notices of the run, by the round in which they came
 */
record LongCurve(
    Subject subject, Settings settings, List<Point> points, Map<Long, String> warnings) {
  /** The one file of a folder that is not a curve: how long rounds take. */
  static final String TIMES = "seconds.json";

  private static final String EVALUATION = "evaluation.";
  private static final String SCORE = EVALUATION + "rewardMean";
  private static final String KL = "klToReference";

  /** What a round consists of. */
  private static final List<String> ROUND =
      List.of("secondsSampling", "secondsFeedback", "secondsTraining", "secondsSearching");

  /**
   * What is trained.
   *
   * @param method of the training
   * @param setting of the method
   * @param trained which weights
   * @param seed of everything
   */
  record Subject(Method method, Setting setting, Trained trained, long seed) {
    Subject {
      if (method.searches() && !trained.equals(Trained.LORA)) {
        throw new IllegalArgumentException(
            method.id()
                + " searches the numbers of a LoRA of its own: leave out --weights and --rank");
      }
    }

    /** For file names; the same for all seeds of a line in the table. */
    String line() {
      return method.id() + trained.suffix();
    }

    String title() {
      return method.title() + trained.words();
    }

    String name() {
      return String.format(Locale.ROOT, "%s-%d", line(), seed);
    }

    /** What must be the same for a training to be resumed; more rounds are a longer training. */
    Settings settings(Protocol protocol) {
      return protocol
          .settingsOfARound()
          .and(Settings.of(setting))
          .with("method", method.id())
          .with("weights", trained.setting())
          .with("seed", seed);
    }
  }

  /**
   * A measurement.
   *
   * @param images made and judged so far
   * @param seconds of sampling, judging and training so far, without measurements
   * @param score mean of the held-out images
   * @param kl from the pre-trained model, in nats
   * @param watched what the hacking monitor looks at, of the same images, by name
   */
  record Point(int images, double seconds, double score, double kl, Map<String, Double> watched) {
    Point {
      watched = new TreeMap<>(watched);
    }
  }

  LongCurve {
    points = List.copyOf(points);
    warnings = new TreeMap<>(warnings);
    if (points.isEmpty()) {
      throw new IllegalArgumentException("a curve needs a point, but " + subject + " has none");
    }
  }

  Point first() {
    return points.get(0);
  }

  Point last() {
    return points.get(points.size() - 1);
  }

  /** Whether it has come to a number of images: one less than a measurement's distance will do. */
  boolean reaches(int images) {
    int apart = points.size() < 2 ? 1 : points.get(1).images() - first().images();
    return last().images() > images - apart;
  }

  /** The round of the first notice. */
  OptionalLong firstNotice() {
    return warnings.keySet().stream().mapToLong(Long::longValue).min();
  }

  /**
   * What a run has left.
   *
   * @param subject of the run
   * @param settings of the run
   * @param folder of the run
   * @param imagesPerRound what a round makes
   * @return empty if nothing has been measured yet
   */
  static Optional<LongCurve> of(
      Subject subject, Settings settings, Path folder, int imagesPerRound) {
    List<Point> points = new ArrayList<>();
    double seconds = 0;
    for (RunEvent.Metrics metrics : RunFolder.metricsOf(folder)) {
      Map<String, Double> values = metrics.values();
      seconds += seconds(metrics);
      if (values.containsKey(SCORE)) {
        points.add(point(metrics.step() * imagesPerRound, seconds, values));
      }
    }
    Map<Long, String> warnings = new TreeMap<>();
    RunFolder.noticesOf(folder)
        .forEach(n -> warnings.merge(n.step(), n.message(), (a, b) -> a + " " + b));
    return points.isEmpty()
        ? Optional.empty()
        : Optional.of(new LongCurve(subject, settings, points, warnings));
  }

  /** What a round took without measurements; 0 of a measurement. */
  static double seconds(RunEvent.Metrics metrics) {
    return ROUND.stream().mapToDouble(part -> metrics.values().getOrDefault(part, 0.0)).sum();
  }

  /** The same with other seconds. */
  LongCurve withSeconds(IntToDoubleFunction ofImages) {
    return new LongCurve(
        subject,
        settings,
        points.stream()
            .map(
                p ->
                    new Point(
                        p.images(),
                        ofImages.applyAsDouble(p.images()),
                        p.score(),
                        p.kl(),
                        p.watched()))
            .toList(),
        warnings);
  }

  private static Point point(long images, double seconds, Map<String, Double> values) {
    Map<String, Double> watched = new TreeMap<>();
    values.forEach(
        (name, value) -> {
          if (name.startsWith(EVALUATION)
              && !name.contains("reward")
              && !name.contains("Rewards")) {
            watched.put(name.substring(EVALUATION.length()), value);
          }
        });
    return new Point(
        Math.toIntExact(images),
        seconds,
        values.getOrDefault(SCORE, Double.NaN),
        values.getOrDefault(KL, Double.NaN),
        watched);
  }

  // ---- As a file

  void write(Path folder) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("method", subject.method().id());
    json.put("learningRate", subject.setting().learningRate());
    json.put("updates", subject.setting().updates());
    json.put("strength", subject.setting().strength());
    json.put("allWeights", subject.trained().all());
    if (subject.trained().rank() > 0) {
      json.put("rank", subject.trained().rank());
    }
    json.put("seed", subject.seed());
    json.put("settings", settings.values());
    List<Object> list = new ArrayList<>();
    for (Point point : points) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("images", point.images());
      one.put("seconds", rounded(point.seconds()));
      one.put("score", rounded(point.score()));
      one.put("kl", rounded(point.kl()));
      Map<String, Object> watched = new TreeMap<>();
      point.watched().forEach((name, value) -> watched.put(name, rounded(value)));
      one.put("watched", watched);
      list.add(one);
    }
    json.put("points", list);
    Map<String, Object> said = new LinkedHashMap<>();
    warnings.forEach((round, warning) -> said.put(String.valueOf(round), warning));
    json.put("warnings", said);
    try {
      Files.createDirectories(folder);
      AtomicFiles.write(folder.resolve(subject.name() + ".json"), Json.writePretty(json) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write a curve into " + folder, e);
    }
  }

  /** To four digits after the point: what is beyond is noise, and the files are kept. */
  private static double rounded(double value) {
    return Math.round(value * 1e4) / 1e4;
  }

  /**
   * Reads a file that {@link #write} wrote.
   *
   * @throws IllegalArgumentException if it is not one
   */
  static LongCurve read(Path file) {
    try {
      JsonObject json = Json.readObject(file);
      List<Point> points = new ArrayList<>();
      for (JsonObject point : json.objects("points")) {
        points.add(
            new Point(
                point.integer("images"),
                point.number("seconds"),
                point.number("score"),
                point.number("kl"),
                point.object("watched").toNumbers()));
      }
      Map<Long, String> warnings = new TreeMap<>();
      json.object("warnings")
          .toTexts()
          .forEach((round, text) -> warnings.put(Long.valueOf(round), text));
      return new LongCurve(
          new Subject(
              Method.of(json.text("method")),
              new Setting(
                  json.number("learningRate"), json.integer("updates"), json.number("strength")),
              new Trained(json.flag("allWeights"), json.integer("rank", 0)),
              json.longInteger("seed")),
          StoredSettings.read(json.object("settings")),
          points,
          warnings);
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          file
              + " is not the curve of a training: "
              + e.getMessage()
              + "; delete it to have it made again",
          e);
    }
  }

  /** All curves of a folder, in the methods' order, with the seconds that they took. */
  static List<LongCurve> readAll(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".json") && !file.endsWith(TIMES))
          .map(LongCurve::read)
          .sorted(
              Comparator.comparing((LongCurve curve) -> curve.subject().method())
                  .thenComparing(curve -> curve.subject().trained().all())
                  .thenComparing(curve -> curve.subject().trained().rank())
                  .thenComparing(curve -> curve.subject().seed()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the curves in " + folder, e);
    }
  }
}

package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;

/**
 * How a score rose during a training, and what that cost: a file of JSON lines, one for each round,
 * which two programs can write.
 *
 * @param points of the rounds 0, 1, 2, and so on; 0 is before the first update
 */
record Curve(List<Point> points) {
  /**
   * A round.
   *
   * @param round its number, at least 0
   * @param images made and judged until its end
   * @param sampling seconds of its sampling and decoding, by the clock
   * @param training seconds of its updates, by the clock
   * @param processor seconds of the processor, all threads together; empty where it was not
   *     measured
   * @param score mean of the held-out images after it; empty where it was not measured
   */
  record Point(
      int round,
      int images,
      double sampling,
      double training,
      OptionalDouble processor,
      OptionalDouble score) {
    double seconds() {
      return sampling + training;
    }

    private String line() {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("round", round);
      json.put("images", images);
      json.put("sampling", sampling);
      json.put("training", training);
      processor.ifPresent(value -> json.put("processor", value));
      score.ifPresent(value -> json.put("score", value));
      return Json.write(json) + "\n";
    }

    private static Point parse(String line, String where) {
      JsonObject json = Json.parseObject(line, where);
      return new Point(
          json.integer("round"),
          json.integer("images"),
          json.number("sampling"),
          json.number("training"),
          number(json, "processor"),
          number(json, "score"));
    }

    private static OptionalDouble number(JsonObject json, String name) {
      return json.has(name) ? OptionalDouble.of(json.number(name)) : OptionalDouble.empty();
    }
  }

  Curve {
    points = List.copyOf(points);
    for (int i = 0; i < points.size(); i++) {
      if (points.get(i).round() != i) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a curve has its rounds in order from 0, but place %s has round %s",
                i,
                points.get(i).round()));
      }
    }
  }

  /** The latest round, or -1 where there is none. */
  int round() {
    return points.size() - 1;
  }

  /** Whether the score after a round was measured. */
  boolean isScored(int round) {
    return round <= round() && points.get(round).score().isPresent();
  }

  /** The score after a round in which it was measured. */
  double score(int round) {
    return points.get(round).score().orElseThrow();
  }

  /** Seconds of sampling and training until the end of a round, by the clock. */
  double seconds(int round) {
    return points.subList(0, round + 1).stream().mapToDouble(Point::seconds).sum();
  }

  /** This curve with one point more. */
  Curve with(Point next) {
    List<Point> all = new ArrayList<>(points);
    all.add(next);
    return new Curve(all);
  }

  void write(Path file) {
    StringBuilder lines = new StringBuilder();
    points.forEach(point -> lines.append(point.line()));
    AtomicFiles.write(file, lines.toString());
  }

  /**
   * Reads a curve.
   *
   * @param file as {@link #write} writes it
   * @return the curve; empty where there is no such file
   * @throws IllegalArgumentException if the file is something else; the message says where
   */
  static Curve read(Path file) {
    List<Point> points = new ArrayList<>();
    try {
      if (Files.exists(file)) {
        for (String line : Files.readString(file).lines().toList()) {
          points.add(Point.parse(line, file + ", line " + (points.size() + 1)));
        }
      }
      return new Curve(points);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          file + " is not a learning curve: " + e.getMessage() + "; choose another folder", e);
    }
  }
}

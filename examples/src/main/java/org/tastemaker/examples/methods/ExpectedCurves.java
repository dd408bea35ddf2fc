package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The curves of the bundled model by which others are judged: a line for each method and reward,
 * with the rise of each round.
 *
 * @param lines {@code method,reward,rise,rise,...}
 */
record ExpectedCurves(List<String> lines) {
  private static final String FILE = "learning-curves.csv";

  ExpectedCurves {
    lines = List.copyOf(lines);
  }

  /** Those that come with the examples. */
  static ExpectedCurves bundled() {
    try (InputStream in = ExpectedCurves.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + FILE + " is missing from the jar");
      }
      return new ExpectedCurves(
          new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The rises of a method by a reward; empty where they were not measured. */
  List<Double> of(String method, String reward) {
    return lines.stream()
        .filter(line -> line.startsWith(method + "," + reward + ","))
        .findFirst()
        .map(line -> Arrays.stream(line.split(",", -1)).skip(2).map(Double::valueOf).toList())
        .orElse(List.of());
  }

  static void append(Path file, String method, String reward, List<Double> rises)
      throws IOException {
    String values =
        rises.stream()
            .map(rise -> String.format(Locale.ROOT, "%.3f", rise))
            .collect(Collectors.joining(","));
    Files.writeString(
        file,
        method + "," + reward + "," + values + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }
}

package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tastemaker.examples.measure.Csv;

/**
 * The curves of the bundled model by which others are judged: a line for each method and reward,
 * with the rise of each round.
 *
 * @param rows method, reward, and the rise of each round
 */
record ExpectedCurves(List<List<String>> rows) {
  private static final String FILE = "learning-curves.csv";

  ExpectedCurves {
    rows = List.copyOf(rows);
  }

  /** Those that come with the examples. */
  static ExpectedCurves bundled() {
    try (InputStream in = ExpectedCurves.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + FILE + " is missing from the jar");
      }
      return of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ExpectedCurves of(String text) {
    return new ExpectedCurves(Csv.rows(text, FILE));
  }

  /** The rises of a method by a reward; empty where they were not measured. */
  List<Double> of(String method, String reward) {
    return rows.stream()
        .filter(row -> row.subList(0, 2).equals(List.of(method, reward)))
        .findFirst()
        .map(row -> row.stream().skip(2).map(Double::valueOf).toList())
        .orElse(List.of());
  }

  static void append(Path file, String method, String reward, List<Double> rises)
      throws IOException {
    List<Object> cells = new ArrayList<>(List.of(method, reward));
    rises.forEach(rise -> cells.add(String.format(Locale.ROOT, "%.3f", rise)));
    Files.writeString(
        file, Csv.row(cells.toArray()), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}

package org.tastemaker.feedback.annotate;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.annotate.PromptFolders.Problem;

/**
 * A row of numbers for each prompt, as D3PO's program reads them: [N][K].
 *
 * @param file it was read from
 * @param rows all of one length
 */
record VoteMatrix(Path file, List<double[]> rows) {
  static FoundPairs read(Path folder, List<Path> votes) {
    if (votes.isEmpty()) {
      throw new IllegalArgumentException("there must be at least one file of votes");
    }
    // 1. The matrices, and how many rows and images they have in common.
    List<VoteMatrix> matrices = votes.stream().map(VoteMatrix::of).toList();
    int images = matrices.get(0).images(); // K
    int rows = matrices.get(0).rows().size();
    List<Problem> problems = new ArrayList<>();
    for (VoteMatrix matrix : matrices) {
      if (matrix.images() != images) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s has %s numbers in a row, but %s has %s: both must be about the same images",
                matrices.get(0).file(),
                images,
                matrix.file(),
                matrix.images()));
      }
      rows = Math.min(rows, matrix.rows().size());
    }
    for (VoteMatrix matrix : matrices) {
      if (matrix.rows().size() > rows) {
        problems.add(
            new Problem(
                matrix.file(),
                String.format(
                    Locale.ROOT,
                    "its rows from row %s on are not in all files of votes",
                    rows + 1)));
      }
    }
    // 2. The prompts.
    List<String> prompts = prompts(folder.resolve("prompt.json"));
    if (prompts.size() < rows) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s has %s prompts, but the votes are about %s",
              folder.resolve("prompt.json"),
              prompts.size(),
              rows));
    }
    // 3. A group for each row.
    List<RankedFiles> groups = new ArrayList<>();
    for (int n = 0; n < rows; n++) {
      List<Path> files = new ArrayList<>();
      double[] means = new double[images];
      for (int k = 0; k < images; k++) {
        String name = String.format(Locale.ROOT, "%05d.png", n * images + k);
        files.add(folder.resolve("images").resolve(name));
        for (VoteMatrix matrix : matrices) {
          means[k] += matrix.rows().get(n)[k] / matrices.size();
        }
      }
      Path missing = files.stream().filter(file -> !Files.exists(file)).findFirst().orElse(null);
      if (missing != null) {
        problems.add(new Problem(missing, "there is no such file, for row " + (n + 1)));
      } else {
        groups.add(new RankedFiles(Prompt.of(prompts.get(n)), files, Ranking.ofScores(means)));
      }
    }
    return new FoundPairs(groups, problems);
  }

  private int images() {
    return rows.get(0).length;
  }

  private static VoteMatrix of(Path file) {
    ListFile list = ListFile.read(file);
    List<double[]> rows = new ArrayList<>();
    for (int n = 0; n < list.elements().size(); n++) {
      if (!(list.elements().get(n) instanceof List<?> numbers) || numbers.size() < 2) {
        throw list.wrong(n, "a row must be a list of at least two numbers");
      }
      double[] row = new double[numbers.size()];
      for (int k = 0; k < row.length; k++) {
        if (!(numbers.get(k) instanceof Number number)) {
          throw list.wrong(
              n, "value " + (k + 1) + " of the row must be a number, but is " + numbers.get(k));
        }
        row[k] = number.doubleValue();
      }
      if (!rows.isEmpty() && rows.get(0).length != row.length) {
        throw list.wrong(
            n,
            "the row has " + row.length + " numbers, but the first one has " + rows.get(0).length);
      }
      rows.add(row);
    }
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(file + " has no row of votes");
    }
    return new VoteMatrix(file, rows);
  }

  private static List<String> prompts(Path file) {
    ListFile list = ListFile.read(file);
    List<String> prompts = new ArrayList<>();
    for (int n = 0; n < list.elements().size(); n++) {
      if (!(list.elements().get(n) instanceof String text)) {
        throw list.wrong(n, "a prompt must be a text, but is " + list.elements().get(n));
      }
      prompts.add(text);
    }
    return prompts;
  }
}

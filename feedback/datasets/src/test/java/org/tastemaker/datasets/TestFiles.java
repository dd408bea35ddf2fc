package org.tastemaker.datasets;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.tastemaker.core.Image;
import org.tastemaker.feedback.votes.Fields;
import org.tastemaker.feedback.votes.RecordFile;
import org.tastemaker.feedback.votes.Records;
import org.tastemaker.feedback.votes.VoteFile;
import org.tastemaker.feedback.votes.VotedRow;

/**
 * Files of Parquet that other programs have written: DuckDB, and the Rust library of Apache Arrow
 * ({@code pages-v2.parquet}).
 */
final class TestFiles {
  private TestFiles() {}

  static byte[] bytes(String name) {
    try (InputStream in = Objects.requireNonNull(TestFiles.class.getResourceAsStream(name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Copies a file into a folder, beside images {@code 0.png} to {@code 4.png}. */
  static Path copy(String name, Path folder) {
    try {
      for (int i = 0; i < 5; i++) {
        Files.write(
            folder.resolve(i + ".png"), Image.filled(4, 6, i / 4f, 0.5f, 1 - i / 4f).toPng());
      }
      return Files.write(folder.resolve(name), bytes(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<VotedRow> rows(VoteFile file) {
    List<VotedRow> rows = new ArrayList<>();
    file.read(rows::add);
    return rows;
  }

  static List<Fields> records(RecordFile file, String... wanted) {
    List<Fields> all = new ArrayList<>();
    try (Records records = file.open(Set.of(wanted))) {
      records.forEachRemaining(all::add);
    }
    return all;
  }
}

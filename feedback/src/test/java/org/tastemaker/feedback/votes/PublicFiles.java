package org.tastemaker.feedback.votes;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.tastemaker.core.Image;

/** Files of the public shapes, written for tests, with five images beside them. */
final class PublicFiles {
  private PublicFiles() {}

  /** Copies a file of the test resources into a folder, with the images that it names. */
  static Path copy(String name, Path folder) {
    try (InputStream in =
        Objects.requireNonNull(PublicFiles.class.getResourceAsStream(name), name)) {
      Path file = folder.resolve(name);
      Files.write(file, in.readAllBytes());
      images(folder);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes {@code 0.png} to {@code 4.png}, each of another colour. */
  static void images(Path folder) throws IOException {
    for (int i = 0; i < 5; i++) {
      Files.write(folder.resolve(i + ".png"), Image.filled(4, 6, i / 4f, 0.5f, 1 - i / 4f).toPng());
    }
  }

  /** All rows of a file. */
  static List<VotedRow> rows(VoteFile file) {
    List<VotedRow> rows = new ArrayList<>();
    file.read(rows::add);
    return rows;
  }
}

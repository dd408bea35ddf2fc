package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Compares folders. */
final class Folders {
  private Folders() {}

  /** All files of two folders are the same, byte for byte. */
  static void assertSame(Path actual, Path expected) throws IOException {
    List<Path> files = files(expected);
    assertThat(files).isNotEmpty();
    assertThat(files(actual)).isEqualTo(files);
    for (Path file : files) {
      assertThat(actual.resolve(file)).hasSameBinaryContentAs(expected.resolve(file));
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).map(folder::relativize).sorted().toList();
    }
  }
}

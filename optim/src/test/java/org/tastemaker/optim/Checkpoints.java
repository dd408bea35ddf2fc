package org.tastemaker.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Compares checkpoints. */
public final class Checkpoints {
  private Checkpoints() {}

  /** All files of two folders are the same, byte for byte. */
  public static void assertSame(Path expected, Path actual) {
    List<String> names = names(expected);
    assertThat(names).isNotEmpty();
    assertThat(names(actual)).isEqualTo(names);
    for (String name : names) {
      assertThat(actual.resolve(name)).hasSameBinaryContentAs(expected.resolve(name));
    }
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

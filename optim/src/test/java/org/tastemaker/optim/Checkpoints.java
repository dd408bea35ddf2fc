package org.tastemaker.optim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.hash.Hashing;
import com.google.common.io.ByteStreams;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** Compares checkpoints. */
public final class Checkpoints {
  private Checkpoints() {}

  /** All files of two folders are the same, byte for byte; of a zip file, all of its entries. */
  public static void assertSame(Path expected, Path actual) {
    List<String> names = names(expected);
    assertThat(names).isNotEmpty();
    assertThat(names(actual)).isEqualTo(names);
    for (String name : names) {
      if (name.endsWith(".zip")) { // which holds the time of its writing, too
        assertThat(entries(actual.resolve(name)))
            .as(name)
            .isNotEmpty()
            .isEqualTo(entries(expected.resolve(name)));
      } else {
        assertThat(actual.resolve(name)).hasSameBinaryContentAs(expected.resolve(name));
      }
    }
  }

  /** The names of the entries, and a hash of what each holds. */
  private static Map<String, String> entries(Path zip) {
    Map<String, String> entries = new LinkedHashMap<>();
    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(zip))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        entries.put(
            entry.getName(), Hashing.sha256().hashBytes(ByteStreams.toByteArray(in)).toString());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return entries;
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

package org.tastemaker.core.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class BoundedFilesTest {
  @TempDir private Path folder;

  @Test
  void aFileOfExactlyTheBoundIsRead() throws IOException {
    Path file = Files.write(folder.resolve("a"), new byte[10]);
    assertThat(BoundedFiles.read(file, 10)).hasSize(10);
  }

  @Test
  void aLargerFileIsRejectedWithItsSizeAndTheBound() throws IOException {
    Path file = Files.write(folder.resolve("a"), new byte[11]);
    assertThatThrownBy(() -> BoundedFiles.read(file, 10))
        .isInstanceOf(UnsafeFileException.class)
        .hasMessageStartingWith(file + " has 11 bytes")
        .hasMessageContaining("at most 10");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aDeviceWithoutEndIsNotRead() {
    assertThatThrownBy(() -> BoundedFiles.read(Path.of("/dev/zero"), 10))
        .isInstanceOf(UnsafeFileException.class)
        .hasMessageContaining("not a regular file");
  }

  @Test
  void aMissingFileCannotBeRead() {
    assertThatThrownBy(() -> BoundedFiles.read(folder.resolve("none"), 10))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("none");
  }
}

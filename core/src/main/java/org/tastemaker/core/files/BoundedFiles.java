package org.tastemaker.core.files;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files of which nobody knows how large they are. */
public final class BoundedFiles {
  private BoundedFiles() {}

  /**
   * Reads a file.
   *
   * @param file a regular file, or a link to one
   * @param most how many bytes it may have
   * @return all bytes
   * @throws UnsafeFileException if it has more, or is a folder, a pipe or a device; nothing is read
   *     then
   * @throws UncheckedIOException if it cannot be read
   */
  public static byte[] read(Path file, int most) {
    try {
      requireSize(file, most);
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = in.readNBytes(most);
        if (bytes.length == most && in.read() >= 0) { // it has grown meanwhile
          throw tooLarge(file, Files.size(file), most);
        }
        return bytes;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Checks the size of a file that is there.
   *
   * @param file a regular file, or a link to one; what is not there passes
   * @param most how many bytes it may have
   * @throws UnsafeFileException if it has more, or is a folder, a pipe or a device
   * @throws UncheckedIOException if its size cannot be found out
   */
  public static void requireSize(Path file, long most) {
    if (!Files.exists(file)) {
      return;
    }
    if (!Files.isRegularFile(file)) {
      throw new UnsafeFileException(
          file + " is not a regular file (but a folder, a pipe or a device) and is not read");
    }
    try {
      long size = Files.size(file);
      if (size > most) {
        throw tooLarge(file, size, most);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static UnsafeFileException tooLarge(Path file, long size, long most) {
    return new UnsafeFileException(
        file
            + " has "
            + size
            + " bytes, but a file of its kind may have at most "
            + most
            + ": it is damaged, or made to exhaust the memory");
  }
}

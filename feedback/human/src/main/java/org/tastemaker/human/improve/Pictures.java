package org.tastemaker.human.improve;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.tastemaker.core.Image;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.PrivateFiles;

/**
 * The images that were made, as PNG files by the keys of their points: what was seen once is there
 * again after a reload, an undo or a crash, and memory does not grow.
 */
final class Pictures {
  private static final Pattern KEY = Pattern.compile("[0-9a-f]{64}");

  private final Path folder;

  private Pictures(Path folder) {
    this.folder = folder;
  }

  static Pictures in(Path run) {
    Path folder = run.resolve("images");
    try {
      if (!Files.isDirectory(folder)) {
        PrivateFiles.createFolder(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + folder + ": " + e.getMessage(), e);
    }
    AtomicFiles.removeLeftovers(folder);
    return new Pictures(folder);
  }

  boolean has(Point point) {
    return Files.isRegularFile(file(point.key()));
  }

  void put(Point point, Image image) {
    AtomicFiles.write(file(point.key()), image.toPng());
  }

  /** The PNG of a key that came from a browser; empty if there is none, or it is no key. */
  Optional<byte[]> png(String key) {
    if (!KEY.matcher(key).matches() || !Files.isRegularFile(file(key))) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readAllBytes(file(key)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file(key) + ": " + e.getMessage(), e);
    }
  }

  private Path file(String key) {
    return folder.resolve(key + ".png");
  }
}

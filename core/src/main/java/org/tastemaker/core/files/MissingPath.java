package org.tastemaker.core.files;

import java.nio.file.Files;
import java.nio.file.Path;

/** What to say of a path at which there is nothing. */
public final class MissingPath {
  private MissingPath() {}

  /**
   * Checks that there is something at a path.
   *
   * @param path of a file or folder
   * @throws IllegalArgumentException if there is nothing; the message has the absolute path and the
   *     last folder on the way that is there
   */
  public static void require(Path path) {
    if (Files.exists(path)) {
      return;
    }
    Path absolute = path.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    while (parent != null && !Files.exists(parent)) {
      parent = parent.getParent();
    }
    throw new IllegalArgumentException(
        "there is no file or folder "
            + absolute
            + (parent == null ? "" : "; of its path, " + parent + " is there"));
  }
}

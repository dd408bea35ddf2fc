package org.tastemaker.core.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the files of a folder from a stranger may lie: in the folder itself. A symbolic link or a
 * {@code ..} that leads out of it is rejected, because it would read a file that nobody meant to
 * give, and because what it points to may be another file tomorrow.
 *
 * <p>The folder that the caller names may itself be a link: that is the caller's choice. It is
 * resolved first. Two layouts have wider bounds:
 *
 * <ul>
 *   <li>A snapshot in the cache of Hugging Face, {@code models--x/snapshots/<revision>/}, consists
 *       of links to {@code models--x/blobs/}. Its files may lie in {@code blobs} of the same {@code
 *       models--x}, and in the snapshot.
 *   <li>A part of a model, such as {@code unet/} in a folder with a {@code model_index.json}, may
 *       have files anywhere in the model's folder.
 * </ul>
 */
public final class FolderBounds {
  private final Path folder;
  private final Path root;
  private final @Nullable Path blobs;

  private FolderBounds(Path folder, Path root, @Nullable Path blobs) {
    this.folder = folder;
    this.root = root;
    this.blobs = blobs;
  }

  /**
   * The bounds of a folder.
   *
   * @param folder existing; a link to a folder is resolved
   * @return its bounds
   * @throws UncheckedIOException if it cannot be resolved
   */
  public static FolderBounds of(Path folder) {
    try {
      Path real = folder.toRealPath();
      for (Path each = real; each != null; each = each.getParent()) {
        Path repository = repositoryOf(each);
        if (repository != null) {
          return new FolderBounds(folder, each, repository.resolve("blobs"));
        }
      }
      Path parent = real.getParent();
      if (parent != null && Files.exists(parent.resolve("model_index.json"))) {
        return new FolderBounds(folder, parent, null);
      }
      return new FolderBounds(folder, real, null);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the folder " + folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * A file or folder in the folder.
   *
   * @param name relative to the folder
   * @return its path, by the folder's own name; there may be nothing at it
   * @throws UnsafeFileException if it leads out of the bounds
   * @throws UncheckedIOException if it cannot be resolved, such as a link to itself
   */
  public Path resolve(String name) {
    Path file = folder.resolve(name);
    if (!file.normalize().startsWith(folder.normalize())) {
      throw outside(file, file.normalize());
    }
    try {
      if (!Files.exists(file)) {
        if (Files.isSymbolicLink(file)) {
          throw new UnsafeFileException(
              file
                  + " is a symbolic link to "
                  + Files.readSymbolicLink(file)
                  + ", which is not there: the download is incomplete, or the folder was moved"
                  + " without what it points to");
        }
        return file;
      }
      Path real = file.toRealPath();
      if (!real.startsWith(root) && !(blobs != null && real.startsWith(blobs))) {
        throw outside(file, real);
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot resolve " + file + ": " + e.getMessage(), e);
    }
  }

  private UnsafeFileException outside(Path file, Path real) {
    return new UnsafeFileException(
        file
            + " leads to "
            + real
            + ", outside of "
            + root
            + (blobs == null ? "" : " and " + blobs)
            + ". Links out of a folder are not followed: if you trust it, copy the file to its place");
  }

  /** The folder {@code models--x} of a snapshot, {@code models--x/snapshots/revision}; or null. */
  private static @Nullable Path repositoryOf(Path folder) {
    Path snapshots = folder.getParent();
    if (snapshots == null || !String.valueOf(snapshots.getFileName()).equals("snapshots")) {
      return null;
    }
    Path repository = snapshots.getParent();
    boolean cached =
        repository != null && String.valueOf(repository.getFileName()).startsWith("models--");
    return cached ? repository : null;
  }
}

package org.tastemaker.core.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The cache of Hugging Face's programs. A model's folder there, {@code models--owner--name/}, holds
 * {@code blobs/}, {@code snapshots/REVISION/} with links to them, and {@code refs/BRANCH} with the
 * name of a revision.
 */
public final class HubFolder {
  private static final int LONGEST_REVISION = 200;
  private static final int SHOWN = 5;

  private HubFolder() {}

  /**
   * The folder with a model's files.
   *
   * @param path of a model; or of its folder in the cache, {@code models--owner--name/}
   * @return of the latter, the snapshot that {@code refs/main} names, or the only one there is; any
   *     other path as it is
   * @throws IllegalArgumentException if the snapshot is not there, or none of several is named; or
   *     if the path is that of the whole cache
   */
  public static Path resolve(Path path) {
    Path snapshots = path.resolve("snapshots");
    if (!Files.isDirectory(snapshots)) {
      refuseWholeCache(path);
      return path;
    }
    List<String> there = names(snapshots);
    Path main = path.resolve("refs").resolve("main");
    if (Files.isRegularFile(main)) {
      String revision =
          new String(BoundedFiles.read(main, LONGEST_REVISION), StandardCharsets.UTF_8).strip();
      if (!there.contains(revision)) {
        throw new IllegalArgumentException(
            path
                + ": refs/main names the snapshot "
                + revision
                + ", which is not there; there are "
                + shown(there)
                + ". Download the model again, or give one of the snapshots' folders");
      }
      return snapshots.resolve(revision);
    }
    if (there.size() != 1) {
      throw new IllegalArgumentException(
          path
              + ": has no refs/main, and the snapshots "
              + shown(there)
              + ". Give the folder of one of them, "
              + snapshots.resolve("REVISION"));
    }
    return snapshots.resolve(there.get(0));
  }

  private static void refuseWholeCache(Path path) {
    if (!Files.isDirectory(path) || Files.exists(path.resolve("model_index.json"))) {
      return;
    }
    List<String> models = names(path).stream().filter(n -> n.startsWith("models--")).toList();
    if (!models.isEmpty()) {
      throw new IllegalArgumentException(
          path
              + " is a cache of several models: give the folder of one of them, such as "
              + path.resolve(models.get(0)));
    }
  }

  private static String shown(List<String> names) {
    return names.size() <= SHOWN
        ? names.toString()
        : names.subList(0, SHOWN) + " and " + (names.size() - SHOWN) + " more";
  }

  /** The names of folders in a folder, in the order of the alphabet. */
  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(Files::isDirectory)
          .map(file -> String.valueOf(file.getFileName()))
          .sorted()
          .limit(1000)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the folder " + folder + ": " + e.getMessage(), e);
    }
  }
}

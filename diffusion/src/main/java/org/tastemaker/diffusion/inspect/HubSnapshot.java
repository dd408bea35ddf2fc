package org.tastemaker.diffusion.inspect;

import java.nio.file.Path;
import java.util.Optional;
import org.tastemaker.core.files.HubFolder;

/** The folder with the files, where a path is of a model in the cache of Hugging Face. */
final class HubSnapshot {
  private HubSnapshot() {}

  /** The snapshot's folder; any other path as it is. */
  static Path of(Path path) {
    Path[] folder = {path};
    Optional<String> unused = Refusal.of(() -> folder[0] = HubFolder.resolve(path));
    return folder[0];
  }
}

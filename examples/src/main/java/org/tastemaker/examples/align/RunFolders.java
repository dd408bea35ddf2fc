package org.tastemaker.examples.align;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;

/** The folder of a run: a new one, or one to resume. Nothing is overwritten. */
public final class RunFolders {
  private RunFolders() {}

  /**
   * Opens a run's folder: a new one, or one of the same settings to resume.
   *
   * @param path of the folder
   * @param config the settings
   * @param mayChange names of those that may be others than in the folder; what has changed is
   *     recorded there
   * @param seed for the provenance
   * @return the folder: the caller closes it
   * @throws IllegalArgumentException if the folder holds a run with other settings, or holds no run
   *     and is not empty; nothing is overwritten
   */
  public static RunFolder open(Path path, Map<String, ?> config, Set<String> mayChange, Seed seed) {
    Clock clock = Clock.systemUTC();
    if (RunFolder.exists(path)) {
      RunFolder folder = RunFolder.open(path, clock);
      try {
        folder.resumeWith(config, mayChange);
        return folder;
      } catch (RuntimeException e) {
        folder.close();
        throw new IllegalArgumentException(e.getMessage(), e);
      }
    }
    requireFree(path);
    return RunFolder.create(
        path, config, Provenance.capture(clock).withSeed("alignment", seed), clock);
  }

  /**
   * Checks a run's folder before anything is asked or written.
   *
   * @param path of an existing or a new run
   * @param config the settings
   * @param mayChange names of those that may be others than in the folder
   * @return how many rounds are done, as the latest checkpoint says; 0 if there is no run yet
   * @throws IllegalArgumentException as {@link #open}
   */
  public static long roundsDone(Path path, Map<String, ?> config, Set<String> mayChange) {
    if (!RunFolder.exists(path)) {
      requireFree(path);
      return 0;
    }
    try (RunFolder folder = RunFolder.open(path, Clock.systemUTC())) {
      try {
        List<String> unused = folder.requireConfig(config, mayChange);
      } catch (IllegalStateException e) {
        throw new IllegalArgumentException(e.getMessage(), e);
      }
      return folder.latestCheckpoint().map(RunFolder.Checkpoint::step).orElse(0L);
    }
  }

  private static void requireFree(Path path) {
    boolean free = !Files.exists(path);
    if (Files.isDirectory(path)) {
      try (Stream<Path> entries = Files.list(path)) {
        free = entries.allMatch(entry -> entry.getFileName().toString().startsWith("."));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot list " + path + ": " + e.getMessage(), e);
      }
    }
    if (!free) {
      throw new IllegalArgumentException(
          path + " exists, holds no run, and is not overwritten: choose another folder");
    }
  }
}

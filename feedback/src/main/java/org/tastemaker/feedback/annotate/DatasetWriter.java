package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import org.tastemaker.core.run.AtomicFiles;

/**
 * Writes a dataset that is made out of another one, such as one that people have corrected. A job
 * writes its dataset itself.
 */
public final class DatasetWriter {
  private DatasetWriter() {}

  /**
   * Writes a dataset as a whole or not at all.
   *
   * @param file is replaced; its folder must exist
   * @param header with settings that tell it from the dataset that it was made of, so that no job
   *     takes it for its own
   * @param groups that fit into memory, each once
   * @throws java.io.UncheckedIOException if it cannot be written; an old file is then unchanged
   */
  public static void write(Path file, DatasetHeader header, Iterable<AnnotatedGroup> groups) {
    StringBuilder text = new StringBuilder(header.toLine()).append('\n');
    IdSet ids = new IdSet();
    for (AnnotatedGroup group : groups) {
      if (!ids.add(group.id())) {
        throw new IllegalArgumentException(
            "the group "
                + group.id()
                + " is there twice, and a dataset has one judgement of each: leave one of them out");
      }
      text.append(DatasetLine.of(group)).append('\n');
    }
    AtomicFiles.write(file, text.toString());
  }
}

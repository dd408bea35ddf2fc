package org.tastemaker.feedback.votes;

import java.util.Set;

/**
 * A file of records, which can be read again and again: JSON and JSON Lines are {@link
 * JsonRecords}, and Parquet is in the module {@code tastemaker-datasets}.
 */
public interface RecordFile {
  /**
   * What it is called in messages.
   *
   * @return its path
   */
  String name();

  /**
   * Opens it.
   *
   * @param wanted the fields that will be asked for; a table need not read others
   * @return its records, to be closed by the caller
   * @throws java.io.UncheckedIOException if it cannot be read
   * @throws IllegalArgumentException if it is no such file; also later, from {@link Records#next},
   *     where it is damaged
   */
  Records open(Set<String> wanted);
}

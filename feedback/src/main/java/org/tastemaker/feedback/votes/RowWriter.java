package org.tastemaker.feedback.votes;

/**
 * Writes rows in the shape of a data set, as a whole or not at all: until it is closed, the file is
 * under another name.
 */
public interface RowWriter extends AutoCloseable {
  /**
   * Writes a row, or counts why it cannot be written in this shape.
   *
   * @param row any
   * @throws java.io.UncheckedIOException if the file cannot be written
   */
  void write(VotedRow row);

  /**
   * What was written so far.
   *
   * @return records written, of how many rows, and what was left out and why
   */
  ReadingReport report();

  /** Finishes the file. */
  @Override
  void close();
}

package org.tastemaker.feedback.annotate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tastemaker.core.run.PrivateFiles;

/**
 * Space on the disk for the judgements in flight: a file beside the dataset, which is given up when
 * the disk is full, so that what was paid for can still be written.
 */
final class Reserve implements AutoCloseable {
  private static final int LONGEST = 1 << 14; // more than a judgement takes

  private final Path file;
  private boolean there;

  private Reserve(Path file) {
    this.file = file;
  }

  /** Fails if there is no space. */
  static Reserve of(Path file, int judgements) throws IOException {
    Reserve reserve = new Reserve(file);
    reserve.there = true;
    boolean full = true;
    try {
      PrivateFiles.reserve(file, (long) judgements * LONGEST);
      full = false;
      return reserve;
    } finally {
      if (full) {
        reserve.close();
      }
    }
  }

  /** Gives the space up; false if that was done before. */
  boolean giveUp() throws IOException {
    boolean was = there;
    there = false;
    return was && Files.deleteIfExists(file);
  }

  @Override
  public void close() throws IOException {
    giveUp();
  }
}

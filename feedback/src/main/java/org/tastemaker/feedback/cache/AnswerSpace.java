package org.tastemaker.feedback.cache;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import org.tastemaker.core.run.PrivateFiles;

/**
 * Space on the disk for an answer that is about to be paid for: a file that is filled now, so that
 * there is room, and overwritten and renamed then. Whoever holds it is the only one who asks the
 * question.
 */
final class AnswerSpace implements AutoCloseable {
  private final Path temporary;
  private final Path target;
  private boolean kept;

  private AnswerSpace(Path temporary, Path target) {
    this.temporary = temporary;
    this.target = target;
  }

  /**
   * Reserves space.
   *
   * @throws UncheckedIOException if there is none, or it must not be written to
   */
  static AnswerSpace reserve(Path temporary, Path target, int bytes) {
    AnswerSpace space = new AnswerSpace(temporary, target);
    boolean reserved = false;
    try {
      PrivateFiles.createFolders(Objects.requireNonNull(target.getParent()));
      PrivateFiles.createFolders(Objects.requireNonNull(temporary.getParent()));
      PrivateFiles.reserve(temporary, bytes);
      reserved = true;
      return space;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "an answer could not be kept in "
              + target
              + ", so the question was not asked: "
              + e.getMessage()
              + "; free some space or choose another folder, and start again",
          e);
    } finally {
      if (!reserved) {
        space.close();
      }
    }
  }

  /** Not flushed: a disk may take longer for that than the service for an answer. */
  void keep(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      try (RandomAccessFile file = new RandomAccessFile(temporary.toFile(), "rw")) {
        file.write(bytes);
        file.setLength(bytes.length);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      kept = true;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot keep the answer " + target + ": " + e, e);
    }
  }

  /** Gives the space back if it was not used. */
  @Override
  public void close() {
    try {
      if (!kept) {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      // It is removed when its folder is opened, or its question asked, for the next time.
    }
  }
}

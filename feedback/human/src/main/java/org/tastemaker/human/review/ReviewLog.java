package org.tastemaker.human.review;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.run.LineLog;
import org.tastemaker.core.run.OwnerLock;
import org.tastemaker.feedback.annotate.DatasetHeader;

/** The log of a review: the truth about what people said. It only grows. */
final class ReviewLog implements AutoCloseable {
  private final LineLog log;
  private final OwnerLock lock;
  private final long damaged;

  private ReviewLog(LineLog log, OwnerLock lock, long damaged) {
    this.log = log;
    this.lock = lock;
    this.damaged = damaged;
  }

  /**
   * Opens a log, or begins one.
   *
   * @param taker receives what is in it, in order
   * @throws IllegalStateException if it is of another dataset, or another process has it
   */
  static ReviewLog open(Path file, DatasetHeader header, Consumer<ReviewEvent> taker) {
    OwnerLock lock = OwnerLock.take(OwnerLock.beside(file), "the review " + file);
    boolean open = false;
    LineLog log = null;
    try {
      List<String> lines = LineLog.read(file).lines();
      requireOf(file, header, lines); // before anything is changed: it may be another's
      log = LineLog.open(file);
      if (lines.isEmpty()) {
        log.append(ReviewLine.header(header));
        log.force();
      }
      ReviewLog review = new ReviewLog(log, lock, replay(lines, taker));
      open = true;
      return review;
    } finally {
      if (!open) {
        if (log != null) {
          log.close();
        }
        lock.close();
      }
    }
  }

  /**
   * Reads a log that may be open elsewhere.
   *
   * @return how many lines are damaged
   */
  static long read(Path file, DatasetHeader header, Consumer<ReviewEvent> taker) {
    List<String> lines = LineLog.read(file).lines();
    requireOf(file, header, lines);
    return replay(lines, taker);
  }

  private static void requireOf(Path file, DatasetHeader header, List<String> lines) {
    if (!lines.isEmpty() && !same(lines.get(0), ReviewLine.header(header))) {
      throw new IllegalStateException(
          file
              + " is not a review of this dataset: its first line is "
              + lines.get(0).substring(0, Math.min(200, lines.get(0).length()))
              + "; name the dataset that it belongs to, or another file for the review");
    }
  }

  private static boolean same(String there, String expected) {
    try {
      return Json.parseObject(there, "a review")
          .equals(Json.parseObject(expected, "the header of a review"));
    } catch (JsonException e) {
      return false;
    }
  }

  private static long replay(List<String> lines, Consumer<ReviewEvent> taker) {
    long damaged = 0;
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      ReviewEvent event;
      try {
        event = ReviewLine.parse(line);
      } catch (RuntimeException e) { // whatever a damaged disk or another program has left
        damaged++;
        continue;
      }
      taker.accept(event);
    }
    return damaged;
  }

  /** Number of lines that could not be read. */
  long damaged() {
    return damaged;
  }

  /**
   * Appends what a person has clicked; it is on disk when this returns.
   *
   * @throws java.io.UncheckedIOException if it cannot be written; it is then not in the log
   */
  void append(ReviewEvent event) {
    log.append(ReviewLine.of(event));
    if (!(event instanceof ReviewEvent.Given)) {
      log.force();
    }
  }

  @Override
  public void close() {
    try (lock) {
      log.close();
    }
  }
}

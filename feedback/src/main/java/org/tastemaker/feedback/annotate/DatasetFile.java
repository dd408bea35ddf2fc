package org.tastemaker.feedback.annotate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.run.LineLog;
import org.tastemaker.core.run.OwnerLock;

/**
 * A dataset open for appending: locked against other jobs, with its unfinished last line set aside,
 * space for the judgements in flight reserved, and the ids of its judgements known.
 */
final class DatasetFile implements AutoCloseable {
  private static final int NAMED_LINES = 10;

  private final Path file;
  private final OwnerLock lock;
  private final IdSet ids = new IdSet();
  private final MissingGroups missing = new MissingGroups();
  private final List<Long> damagedLines = new ArrayList<>();
  private @Nullable LineLog log;
  private @Nullable Reserve reserve;
  private @Nullable UncheckedIOException full;
  private long damaged;
  private long judgements;
  private boolean setAside;

  private DatasetFile(Path file, OwnerLock lock) {
    this.file = file;
    this.lock = lock;
  }

  /**
   * Opens a dataset, or creates it.
   *
   * @param concurrency how many judgements may be in flight
   * @throws UncheckedIOException if it cannot be written
   * @throws IllegalStateException if it belongs to another job, or is not a dataset
   */
  static DatasetFile open(Path file, DatasetHeader header, int concurrency) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new UncheckedIOException(
          new IOException(
              "the dataset "
                  + file
                  + " cannot be written: "
                  + folder
                  + " is not a folder; create it, or choose another place"));
    }
    OwnerLock lock = OwnerLock.take(OwnerLock.beside(file), "the dataset " + file);
    DatasetFile dataset = new DatasetFile(file, lock);
    boolean open = false;
    try {
      dataset.readOrBegin(header);
      dataset.reserve =
          Reserve.of(file.resolveSibling("." + file.getFileName() + ".space"), concurrency);
      open = true;
      return dataset;
    } catch (IOException | UncheckedIOException e) {
      IOException cause = e instanceof UncheckedIOException u ? u.getCause() : (IOException) e;
      throw new UncheckedIOException(
          "the dataset "
              + file
              + " cannot be written: "
              + cause
              + "; check that it is a file in a folder that may be written to, with some free space",
          cause);
    } finally {
      if (!open) {
        dataset.close();
      }
    }
  }

  /** The ids of the judgements; the caller adds those that it claims. */
  IdSet ids() {
    return ids;
  }

  /** Number of whole judgements, missing ones included. */
  long judgements() {
    return judgements;
  }

  /** Those of them that are missing. */
  MissingGroups missing() {
    return missing;
  }

  /** Whether a group has a judgement that is not missing. */
  boolean isAnswered() {
    return judgements > missing.size();
  }

  /** Number of lines that are not judgements. */
  long damaged() {
    return damaged;
  }

  /** The numbers of the first few of them. */
  List<Long> damagedLines() {
    return List.copyOf(damagedLines);
  }

  /** Whether an unfinished last line was moved to {@code <name>.damaged}. */
  boolean setAside() {
    return setAside;
  }

  /** Adds a line in a single write, if need be into the reserved space. */
  synchronized void append(String line) {
    LineLog open = opened();
    try {
      open.append(line);
    } catch (UncheckedIOException e) {
      IOException cause = Objects.requireNonNull(e.getCause()); // it always has one
      full =
          new UncheckedIOException(
              "cannot append to the dataset "
                  + file
                  + ": "
                  + cause.getMessage()
                  + "; all judgements before are in it, so free some space and start the job again",
              cause);
      if (!gaveUp(full)) {
        throw full;
      }
      open.append(line);
    }
  }

  /** Ends the job if the disk has filled up, once what is in flight is written. */
  synchronized void requireSpace() {
    if (full != null) {
      throw full;
    }
  }

  /** Flushes all lines to disk, so that they survive a failure of the machine. */
  synchronized void force() {
    opened().force();
  }

  @Override
  public synchronized void close() {
    try (lock) {
      if (reserve != null) {
        reserve.close();
      }
      if (log != null) {
        log.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close the dataset " + file + ": " + e.getMessage(), e);
    }
  }

  private LineLog opened() {
    if (log == null) {
      throw new IllegalStateException("the dataset " + file + " is not open");
    }
    return log;
  }

  private boolean gaveUp(UncheckedIOException failure) {
    try {
      return reserve != null && reserve.giveUp();
    } catch (IOException second) {
      failure.addSuppressed(second);
      return false;
    }
  }

  private void readOrBegin(DatasetHeader header) throws IOException {
    long lines = 0;
    if (Files.exists(file)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        lines = read(channel, header);
      }
    }
    log = LineLog.open(file); // and moves what is left of a line to <name>.damaged
    if (lines == 0) {
      log.append(header.toLine());
      log.force();
    }
  }

  /** Reads what is there, and changes nothing: it may be another's. */
  private long read(FileChannel channel, DatasetHeader header) throws IOException {
    Lines.Scan scan =
        Lines.scan(
            channel,
            (number, line) -> {
              if (number == 1) {
                requireSameJob(line, header);
              } else {
                take(number, line);
              }
            });
    setAside = scan.rest().length > 0;
    if (setAside && scan.lines() == 0) {
      requireOurBeginning(new String(scan.rest(), StandardCharsets.UTF_8));
    }
    return scan.lines();
  }

  private void requireSameJob(String line, DatasetHeader header) {
    Optional<DatasetHeader> there = DatasetHeader.parse(line);
    if (there.isEmpty()) {
      throw notOurs(line);
    }
    String differences = there.get().differences(header);
    if (!differences.isEmpty()) {
      throw new IllegalStateException(
          "the dataset "
              + file
              + " belongs to another job ("
              + differences
              + "); resume it with the settings that it was started with, or choose another file");
    }
  }

  private void requireOurBeginning(String rest) {
    String beginning = DatasetHeader.BEGINNING;
    if (!rest.startsWith(beginning) && !beginning.startsWith(rest)) {
      throw notOurs(rest);
    }
  }

  private IllegalStateException notOurs(String line) {
    return new IllegalStateException(
        "the file "
            + file
            + " is not a preference dataset of this version: its first line is not a whole header ('"
            + line.substring(0, Math.min(60, line.length()))
            + "'); it is left unchanged; choose another file");
  }

  private void take(long number, String line) {
    Optional<AnnotatedGroup> group = DatasetLine.parse(line);
    if (group.isEmpty()) {
      damaged++;
      if (damagedLines.size() < NAMED_LINES) {
        damagedLines.add(number);
      }
    } else {
      boolean first = ids.add(group.get().id());
      judgements += first ? 1 : 0;
      missing.read(group.get(), first);
    }
  }
}

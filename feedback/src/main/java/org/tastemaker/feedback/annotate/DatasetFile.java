package org.tastemaker.feedback.annotate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.run.PrivateFiles;

/**
 * A dataset open for appending: locked against other jobs, with its unfinished last line set aside
 * and the ids of its judgements known.
 */
final class DatasetFile implements AutoCloseable {
  private static final int NAMED_LINES = 10;

  private final Path file;
  private final FileChannel channel;
  private final IdSet ids = new IdSet();
  private final List<Long> damagedLines = new ArrayList<>();
  private long damaged;
  private long judgements;
  private boolean setAside;
  private long end;

  private DatasetFile(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Opens a dataset, or creates it.
   *
   * @throws UncheckedIOException if it cannot be written
   * @throws IllegalStateException if it belongs to another job, or is not a dataset
   */
  static DatasetFile open(Path file, DatasetHeader header) {
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
    FileChannel channel = null;
    try {
      channel =
          PrivateFiles.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      lock(file, channel);
      DatasetFile dataset = new DatasetFile(file, channel);
      dataset.readOrBegin(header);
      return dataset;
    } catch (IOException e) {
      closeAfter(e, channel);
      throw new UncheckedIOException(
          "the dataset "
              + file
              + " cannot be written: "
              + e
              + "; check that it is a file in a folder that may be written to",
          e);
    } catch (RuntimeException e) {
      closeAfter(e, channel);
      throw e;
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

  /** Adds a line in a single write. */
  synchronized void append(String line) {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    long position = end;
    try {
      while (bytes.hasRemaining()) {
        position += channel.write(bytes, position);
      }
      end = position;
    } catch (IOException e) {
      try {
        channel.truncate(end); // a full disk: leave whole lines
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw new UncheckedIOException(
          "cannot append to the dataset "
              + file
              + ": "
              + e.getMessage()
              + "; all judgements before are in it, so free some space and start the job again",
          e);
    }
  }

  /** Flushes all lines to disk, so that they survive a failure of the machine. */
  synchronized void force() {
    try {
      channel.force(false);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot flush the dataset " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      channel.close(); // and with it the lock
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close the dataset " + file + ": " + e.getMessage(), e);
    }
  }

  private void readOrBegin(DatasetHeader header) throws IOException {
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
    end = scan.end();
    if (scan.rest().length > 0) {
      if (scan.lines() == 0) {
        requireOurBeginning(new String(scan.rest(), StandardCharsets.UTF_8));
      }
      setAside(scan.rest());
    }
    if (scan.lines() == 0) {
      append(header.toLine());
      force();
    }
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
    } else if (ids.add(group.get().id())) {
      judgements++;
    }
  }

  private void setAside(byte[] rest) throws IOException {
    byte[] line = new byte[rest.length + 1];
    System.arraycopy(rest, 0, line, 0, rest.length);
    line[rest.length] = '\n';
    try (FileChannel aside =
        PrivateFiles.open(
            file.resolveSibling(file.getFileName() + ".damaged"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND)) {
      ByteBuffer bytes = ByteBuffer.wrap(line);
      while (bytes.hasRemaining()) {
        aside.write(bytes);
      }
    }
    channel.truncate(end);
    channel.force(true);
    setAside = true;
  }

  private static void lock(Path file, FileChannel channel) throws IOException {
    boolean locked;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      locked = false;
    }
    if (!locked) {
      throw new IllegalStateException(
          "another job is writing to the dataset "
              + file
              + "; wait until it ends, or choose another file");
    }
  }

  private static void closeAfter(Exception failure, @Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }
}

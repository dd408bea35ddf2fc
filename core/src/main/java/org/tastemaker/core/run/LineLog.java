package org.tastemaker.core.run;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A text file that only grows, a line at a time: what JSON Lines is kept in.
 *
 * <p>A line counts when its line feed is there. A crash can leave an unfinished last line; opening
 * the log moves it to {@code <name>.damaged} beside the log, so that the next line starts clean,
 * and {@link #read} leaves it out. A write that fails, as on a full disk, is cut back to the line
 * before it.
 *
 * <p>Thread-safe, also for threads that are interrupted. One owner writes; or several, if they take
 * turns by a lock of their own, which {@link #open} needs too. Others may read at any time.
 */
public final class LineLog implements AutoCloseable {
  private final Path file;
  private final RandomAccessFile open;
  private long end; // after the last line feed, as far as this log knows

  private LineLog(Path file, RandomAccessFile open) {
    this.file = file;
    this.open = open;
  }

  /**
   * What a log holds.
   *
   * @param lines the finished lines, without their line feeds
   * @param unfinished what stands after the last line feed, or null where nothing does
   */
  public record Content(List<String> lines, @Nullable String unfinished) {
    public Content {
      lines = List.copyOf(lines);
    }
  }

  /**
   * Opens a log for writing, and makes it if it is not there.
   *
   * @param file where; its folder must exist
   * @return the log: the caller closes it
   * @throws UncheckedIOException if it cannot be written
   */
  public static LineLog open(Path file) {
    RandomAccessFile open = null;
    try {
      makeIfMissing(file);
      open = new RandomAccessFile(file.toFile(), "rw");
      LineLog log = new LineLog(file, open);
      log.goToTheEnd();
      return log;
    } catch (IOException e) {
      if (open != null) {
        closeAfter(e, open);
      }
      throw new UncheckedIOException("cannot open " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads a log, which may be open for writing elsewhere.
   *
   * @param file where
   * @return its lines; empty where the file is not there
   * @throws UncheckedIOException if it cannot be read
   */
  public static Content read(Path file) {
    List<String> lines = new ArrayList<>();
    try {
      if (!Files.exists(file)) {
        return new Content(List.of(), null);
      }
      try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "r")) {
        LineScan scan = LineScan.of(open, 0, lines::add);
        String rest = new String(scan.rest(), StandardCharsets.UTF_8);
        return new Content(lines, rest.isEmpty() ? null : rest);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads the lines that were finished since a place, whoever wrote them.
   *
   * @param from 0, or what this method has returned before
   * @param taker receives each line, without its line feed
   * @return the place to go on from: after the last line feed
   * @throws UncheckedIOException if the file cannot be read
   */
  public synchronized long readFrom(long from, Consumer<String> taker) {
    try {
      return open.length() <= from ? from : LineScan.of(open, from, taker).end();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Appends a line with a single write, which is taken back if it fails.
   *
   * @param line without a line feed
   * @return the place after the line, for {@link #readFrom}
   * @throws UncheckedIOException if it cannot be written
   */
  public synchronized long append(String line) {
    if (line.indexOf('\n') >= 0) {
      throw new IllegalArgumentException(
          "a line must not contain a line feed, but this one for " + file + " does");
    }
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      if (open.length() != end) {
        goToTheEnd(); // another owner had its turn, or a line could not be taken back
      }
      try {
        open.seek(end);
        open.write(bytes);
      } catch (IOException e) {
        takeBack(e);
        throw e;
      }
      end += bytes.length;
      return end;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot append to " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Makes all lines safe against the machine's failure, not only the process's.
   *
   * @throws UncheckedIOException if the flush fails
   */
  public synchronized void force() {
    try {
      open.getFD().sync();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot flush " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      open.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close " + file + ": " + e.getMessage(), e);
    }
  }

  private void takeBack(IOException failure) {
    try {
      open.setLength(end);
    } catch (IOException second) {
      failure.addSuppressed(second); // the next line sets it aside
    }
  }

  /** Moves what a crash left of a line to the file beside the log. */
  private void goToTheEnd() throws IOException {
    long start = LineScan.end(open);
    if (open.length() > start) {
      Path damaged = file.resolveSibling(file.getFileName() + ".damaged");
      makeIfMissing(damaged);
      try (FileOutputStream out = new FileOutputStream(damaged.toFile(), true)) {
        byte[] block = new byte[1 << 16];
        open.seek(start);
        for (int n = open.read(block); n >= 0; n = open.read(block)) {
          out.write(block, 0, n);
        }
        out.write('\n');
      }
      open.setLength(start);
      open.getFD().sync();
    }
    end = start;
  }

  private static void makeIfMissing(Path file) throws IOException {
    try {
      PrivateFiles.createFile(file);
    } catch (FileAlreadyExistsException e) {
      // it goes on
    }
  }

  private static void closeAfter(IOException failure, RandomAccessFile file) {
    try {
      file.close();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }
}

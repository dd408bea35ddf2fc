package org.tastemaker.core.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A text file that only grows, a line at a time: what JSON Lines is kept in.
 *
 * <p>A line counts when its line feed is there. A crash can leave an unfinished last line; opening
 * the log moves it to {@code <name>.damaged} beside the log, so that the next line starts clean,
 * and {@link #read} leaves it out.
 *
 * <p>Thread-safe. One process writes at a time; others may read.
 */
public final class LineLog implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;

  private LineLog(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
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
    try {
      if (Files.exists(file)) {
        setAsideUnfinished(file);
      }
      return new LineLog(
          file,
          PrivateFiles.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.APPEND));
    } catch (IOException e) {
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
    try {
      if (!Files.exists(file)) {
        return new Content(List.of(), null);
      }
      byte[] bytes = Files.readAllBytes(file);
      int end = lastLineFeed(bytes) + 1;
      String finished = new String(bytes, 0, end, StandardCharsets.UTF_8);
      String rest = new String(bytes, end, bytes.length - end, StandardCharsets.UTF_8);
      List<String> lines =
          finished.isEmpty()
              ? List.of()
              : Arrays.asList(finished.substring(0, finished.length() - 1).split("\n", -1));
      return new Content(lines, rest.isEmpty() ? null : rest);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Appends a line with a single write.
   *
   * @param line without a line feed
   * @throws UncheckedIOException if it cannot be written
   */
  public synchronized void append(String line) {
    if (line.indexOf('\n') >= 0) {
      throw new IllegalArgumentException(
          "a line must not contain a line feed, but this one for " + file + " does");
    }
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
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
      channel.force(false);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot flush " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close " + file + ": " + e.getMessage(), e);
    }
  }

  private static void setAsideUnfinished(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int end = lastLineFeed(bytes) + 1;
    if (end == bytes.length) {
      return;
    }
    try (FileChannel damaged =
        PrivateFiles.open(
            file.resolveSibling(file.getFileName() + ".damaged"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND)) {
      String rest = new String(bytes, end, bytes.length - end, StandardCharsets.UTF_8);
      ByteBuffer line = ByteBuffer.wrap((rest + "\n").getBytes(StandardCharsets.UTF_8));
      while (line.hasRemaining()) {
        damaged.write(line);
      }
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(end);
      channel.force(true);
    }
  }

  private static int lastLineFeed(byte[] bytes) {
    int i = bytes.length - 1;
    while (i >= 0 && bytes[i] != '\n') {
      i--;
    }
    return i;
  }
}

package org.tastemaker.feedback.annotate;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;

/**
 * Reads a file line by line with a buffer of constant size, and reports where the last whole line
 * ends.
 */
final class Lines {
  /** A line without end would fill the memory. */
  private static final int LONGEST = 4 << 20;

  private Lines() {}

  /** Takes a whole line, without its line feed. */
  @FunctionalInterface
  interface Taker {
    /**
     * Takes a line.
     *
     * @param number from 1
     * @param line without its line feed
     */
    void take(long number, String line);
  }

  /**
   * What was read.
   *
   * @param lines number of whole lines
   * @param end offset after the last line feed
   * @param rest what follows it: the unfinished last line
   */
  record Scan(long lines, long end, byte[] rest) {}

  static Scan scan(FileChannel channel, Taker taker) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long position = 0;
    long end = 0;
    long number = 0;
    for (int n = channel.read(buffer, position); n >= 0; n = channel.read(buffer, position)) {
      byte[] bytes = buffer.array();
      int start = 0;
      for (int i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
          keep(line, bytes, start, i - start);
          start = i + 1;
          end = position + start;
          taker.take(++number, line.toString(StandardCharsets.UTF_8));
          line.reset();
        }
      }
      keep(line, bytes, start, n - start);
      position += n;
      buffer.clear();
    }
    if (line.size() == LONGEST) {
      throw new IOException(
          "the last line is longer than " + LONGEST + " bytes: no program here writes such a line");
    }
    return new Scan(number, end, line.toByteArray());
  }

  /** What is beyond the bound is left out: the line's checksum does not fit then. */
  private static void keep(ByteArrayOutputStream line, byte[] bytes, int start, int count) {
    line.write(bytes, start, Math.min(count, LONGEST - line.size()));
  }
}

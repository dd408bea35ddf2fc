package org.tastemaker.core.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Reads the lines of a file with a buffer of constant size.
 *
 * @param end offset after the last line feed
 * @param rest what follows it: an unfinished line
 */
record LineScan(long end, byte[] rest) {
  private static final int BLOCK = 1 << 16;

  /** The longest line that is kept whole: what is over it is cut off, and is no line of ours. */
  private static final int LONGEST = 1 << 24;

  static LineScan of(RandomAccessFile file, long from, Consumer<String> taker) throws IOException {
    byte[] block = new byte[BLOCK];
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long position = from;
    long end = from;
    file.seek(from);
    for (int n = file.read(block); n >= 0; n = file.read(block)) {
      int start = 0;
      for (int i = 0; i < n; i++) {
        if (block[i] == '\n') {
          keep(line, block, start, i);
          start = i + 1;
          end = position + start;
          taker.accept(line.toString(StandardCharsets.UTF_8));
          line.reset();
        }
      }
      keep(line, block, start, n);
      position += n;
    }
    return new LineScan(end, line.toByteArray());
  }

  private static void keep(ByteArrayOutputStream line, byte[] block, int from, int to) {
    line.write(block, from, Math.min(to - from, LONGEST - line.size()));
  }

  /** Offset after the last line feed of a file. */
  static long end(RandomAccessFile file) throws IOException {
    byte[] block = new byte[BLOCK];
    long end = file.length();
    while (end > 0) {
      int n = (int) Math.min(BLOCK, end);
      file.seek(end - n);
      file.readFully(block, 0, n);
      for (int i = n - 1; i >= 0; i--) {
        if (block[i] == '\n') {
          return end - n + i + 1;
        }
      }
      end -= n;
    }
    return 0;
  }
}

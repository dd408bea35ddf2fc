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

  /**
   * The unfinished line at the end of a file.
   *
   * @param start offset after the last line feed
   * @param rest what follows it; often empty
   */
  record Tail(long start, byte[] rest) {}

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
          line.write(block, start, i - start);
          start = i + 1;
          end = position + start;
          taker.accept(line.toString(StandardCharsets.UTF_8));
          line.reset();
        }
      }
      line.write(block, start, n - start);
      position += n;
    }
    return new LineScan(end, line.toByteArray());
  }

  static Tail tail(RandomAccessFile file) throws IOException {
    long length = file.length();
    long start = length;
    byte[] block = new byte[BLOCK];
    while (start > 0) {
      int n = (int) Math.min(BLOCK, start);
      file.seek(start - n);
      file.readFully(block, 0, n);
      int i = n - 1;
      while (i >= 0 && block[i] != '\n') {
        i--;
      }
      start -= n - 1 - i;
      if (i >= 0) {
        break;
      }
    }
    byte[] rest = new byte[Math.toIntExact(length - start)];
    file.seek(start);
    file.readFully(rest);
    return new Tail(start, rest);
  }
}

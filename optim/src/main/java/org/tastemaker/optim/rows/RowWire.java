package org.tastemaker.optim.rows;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Rows in the bodies of requests and answers: for each, 4 bytes of length and the row. An answer
 * ends with the length 0, so that one that was cut short is seen; the length -1 is followed by the
 * length and the words of what went wrong.
 */
final class RowWire {
  static final String PATH = "/rows/1/";
  static final String RUN = PATH + "run";
  static final String ADAPTERS = PATH + "adapters/";
  static final String ATTEMPT = "attempt=";
  private static final int END = 0;
  private static final int FAILED = -1;
  private static final int LONGEST_MESSAGE = 1 << 16;

  private RowWire() {}

  static String bearer(String secret) {
    return "Bearer " + secret;
  }

  /** In a time that does not depend on where they differ. */
  static boolean isSame(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }

  static void write(OutputStream out, byte[] row) throws IOException {
    DataOutputStream data = new DataOutputStream(out);
    data.writeInt(row.length);
    data.write(row);
    data.flush();
  }

  static void end(OutputStream out) throws IOException {
    new DataOutputStream(out).writeInt(END);
    out.flush();
  }

  static void fail(OutputStream out, String message) throws IOException {
    byte[] words = message.getBytes(StandardCharsets.UTF_8);
    DataOutputStream data = new DataOutputStream(out);
    data.writeInt(FAILED);
    data.writeInt(Math.min(words.length, LONGEST_MESSAGE));
    data.write(words, 0, Math.min(words.length, LONGEST_MESSAGE));
    data.flush();
  }

  /** Reads a request's rows. */
  static List<WorkRow> readWork(InputStream in, RowLimits limits) throws IOException {
    List<WorkRow> rows = new ArrayList<>();
    long bytes = 0;
    for (int length = RowFrame.readLength(in); length != END; length = RowFrame.readLength(in)) {
      bytes += requireLength(length, limits);
      if (bytes > limits.requestBytes() || rows.size() >= limits.requestRows()) {
        throw new RowException(
            String.format(
                Locale.ROOT,
                "a request has at most %s rows and %s bytes",
                limits.requestRows(),
                limits.requestBytes()));
      }
      rows.add(RowFormat.readWork(RowFrame.readBytes(in, length)));
    }
    return rows;
  }

  /**
   * Reads an answer's results as they come.
   *
   * @throws IOException if the answer is cut short, or says that something went wrong
   */
  static void readResults(InputStream in, RowLimits limits, Consumer<ResultRow> taker)
      throws IOException {
    for (int length = RowFrame.readLength(in); length != END; length = RowFrame.readLength(in)) {
      if (length == FAILED) {
        int words = Math.max(0, Math.min(RowFrame.readLength(in), LONGEST_MESSAGE));
        throw new IOException(
            "the worker failed: " + new String(in.readNBytes(words), StandardCharsets.UTF_8));
      }
      requireLength(length, limits);
      taker.accept(RowFormat.readResult(RowFrame.readBytes(in, length)));
    }
  }

  private static int requireLength(int length, RowLimits limits) {
    if (length < 1 || length > limits.rowBytes()) {
      throw new RowException(
          String.format(Locale.ROOT, "a row has 1 to %s bytes, not %s", limits.rowBytes(), length));
    }
    return length;
  }
}

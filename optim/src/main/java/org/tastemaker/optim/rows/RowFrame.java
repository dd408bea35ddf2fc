package org.tastemaker.optim.rows;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;

/**
 * JSON and binary payloads in one piece, with a checksum: the bytes of a row.
 *
 * <pre>
 * 8 bytes   "TMROWS" and the version, 1, in two bytes
 * 4 bytes   length of the JSON, then the JSON in UTF-8
 * 4 bytes   how many payloads there are; for each, 4 bytes of length, then the payload
 * 32 bytes  SHA-256 of all before it
 * </pre>
 *
 * <p>Numbers are big-endian. There is one way to write a row, so equal rows have equal bytes.
 */
record RowFrame(JsonObject json, List<byte[]> payloads) {
  private static final byte[] MAGIC = {'T', 'M', 'R', 'O', 'W', 'S', 0, 1};
  private static final int VERSION_AT = 6;
  private static final int CHECKSUM = 32;
  private static final int MOST_PAYLOADS = 10_000;
  private static final JsonLimits LIMITS = new JsonLimits(4 << 20, 20, 150_000);

  static byte[] write(String json, List<byte[]> payloads) {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    long size = (long) MAGIC.length + Integer.BYTES + text.length + Integer.BYTES + CHECKSUM;
    for (byte[] payload : payloads) {
      size += Integer.BYTES + payload.length;
    }
    if (size > Integer.MAX_VALUE - 64) {
      throw new RowException(
          String.format(Locale.ROOT, "a row has at most 2 GiB, but this one has %s bytes", size));
    }
    ByteBuffer out = ByteBuffer.allocate((int) size);
    out.put(MAGIC).putInt(text.length).put(text).putInt(payloads.size());
    for (byte[] payload : payloads) {
      out.putInt(payload.length).put(payload);
    }
    MessageDigest digest = Hashes.sha256();
    digest.update(out.array(), 0, out.position());
    out.put(digest.digest());
    return out.array();
  }

  /**
   * Reads bytes that may be damaged, or a stranger's.
   *
   * @throws RowException if they are no frame
   */
  static RowFrame read(byte[] bytes, String where) {
    int end = bytes.length - CHECKSUM;
    if (end < MAGIC.length + 2 * Integer.BYTES
        || !Arrays.equals(MAGIC, 0, VERSION_AT, bytes, 0, VERSION_AT)) {
      throw new RowException(where + ": expected a row, which begins with TMROWS, but it is not");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, 0, end);
    int version = in.getShort(VERSION_AT);
    if (version != MAGIC[MAGIC.length - 1]) {
      throw new RowException(
          String.format(
              Locale.ROOT,
              "%s: expected a row of version %s, but it is of version %s; use the same version of"
                  + " the library on all machines",
              where,
              MAGIC[MAGIC.length - 1],
              version));
    }
    MessageDigest digest = Hashes.sha256();
    digest.update(bytes, 0, end);
    if (!Arrays.equals(digest.digest(), Arrays.copyOfRange(bytes, end, bytes.length))) {
      throw new RowException(where + ": the row is damaged: its checksum is another");
    }
    in.position(MAGIC.length);
    byte[] text = next(in, where);
    int count = in.remaining() < Integer.BYTES ? -1 : in.getInt();
    if (count < 0 || count > MOST_PAYLOADS) {
      throw new RowException(
          String.format(
              Locale.ROOT, "%s: a row has 0 to %s payloads, not %s", where, MOST_PAYLOADS, count));
    }
    List<byte[]> payloads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      payloads.add(next(in, where));
    }
    if (in.hasRemaining()) {
      throw new RowException(where + ": there are bytes after the last payload");
    }
    String json = new String(text, StandardCharsets.UTF_8);
    return new RowFrame(Json.parseObject(json, where, LIMITS), payloads);
  }

  private static byte[] next(ByteBuffer in, String where) {
    int length = in.remaining() < Integer.BYTES ? -1 : in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new RowException(
          String.format(
              Locale.ROOT,
              "%s: a part of a row must have 0 to %s bytes, but should have %s",
              where,
              in.remaining(),
              length));
    }
    byte[] part = new byte[length];
    in.get(part);
    return part;
  }

  /**
   * Reads as many bytes as a stream promises, without taking memory for a promise that is not kept.
   *
   * @throws IOException if there are fewer
   */
  static byte[] readBytes(InputStream in, int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new IOException(
          String.format(
              Locale.ROOT, "expected %s bytes of a row, but only %s came", length, bytes.length));
    }
    return bytes;
  }

  /** Reads a length of 4 bytes. */
  static int readLength(InputStream in) throws IOException {
    return new DataInputStream(in).readInt();
  }

  /** A payload of whole floats. */
  static FloatBlock block(byte[] payload, String where) {
    if (payload.length % Float.BYTES != 0) {
      throw new RowException(where + ": " + payload.length + " bytes are no whole floats");
    }
    return FloatBlock.ofBytes(payload);
  }

  /** Throws a {@link RowException} if there are more or fewer payloads. */
  void requirePayloads(int expected, String where) {
    if (payloads.size() != expected) {
      throw new RowException(
          String.format(
              Locale.ROOT,
              "%s: expected %s payloads, but there are %s",
              where,
              expected,
              payloads.size()));
    }
  }
}

package org.tastemaker.diffusion.weights;

import com.google.common.base.Utf8;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes of a pickle, read from front to back; nothing is read behind their end. */
final class PickleInput {
  private static final int LONGEST_LINE = 10_000;

  private final String where;
  private final ByteBuffer bytes;

  /**
   * All bytes that may belong to pickles.
   *
   * @param where names them in messages
   */
  PickleInput(String where, byte[] bytes) {
    this.where = where;
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** How many bytes were read. */
  int position() {
    return bytes.position();
  }

  int u1() {
    return require(1).get() & 0xFF;
  }

  int u2() {
    return require(2).getShort() & 0xFFFF;
  }

  int i4() {
    return require(4).getInt();
  }

  long i8() {
    return require(8).getLong();
  }

  /** The only numbers in the other order. */
  double f8() {
    return Double.longBitsToDouble(Long.reverseBytes(i8()));
  }

  /** A length of four bytes, of something that is there. */
  int length4() {
    return length(Integer.toUnsignedLong(i4()));
  }

  /** A length of eight bytes, of something that is there. */
  int length8() {
    return length(i8());
  }

  private int length(long length) {
    if (length < 0 || length > bytes.remaining()) {
      throw error(
          "something of " + Long.toUnsignedString(length) + " bytes", bytes.remaining() + "");
    }
    return (int) length;
  }

  byte[] bytes(int length) {
    byte[] read = new byte[length(length)];
    bytes.get(read);
    return read;
  }

  void skip(int length) {
    bytes.position(bytes.position() + length(length));
  }

  String utf8(int length) {
    byte[] read = bytes(length);
    if (!Utf8.isWellFormed(read)) {
      // Python also writes halves of surrogate pairs: only a name that nobody asks for has them.
      return new String(read, StandardCharsets.ISO_8859_1);
    }
    return new String(read, StandardCharsets.UTF_8);
  }

  /** Up to the end of a line, which is left out. */
  String line() {
    int from = bytes.position();
    int most = Math.min(bytes.remaining(), LONGEST_LINE);
    for (int i = 0; i < most; i++) {
      if (bytes.get(from + i) == '\n') {
        String line = utf8(i);
        skip(1);
        return line;
      }
    }
    throw error("the end of a line", "none in the next " + most);
  }

  private ByteBuffer require(int count) {
    if (bytes.remaining() < count) {
      throw error(count + " more bytes", bytes.remaining() + "");
    }
    return bytes;
  }

  /** Whether the bytes from the beginning are these. */
  boolean startsWith(int... first) {
    byte[] expected = new byte[first.length];
    for (int i = 0; i < first.length; i++) {
      expected[i] = (byte) first[i];
    }
    return bytes.capacity() >= first.length
        && Arrays.equals(expected, 0, first.length, bytes.array(), 0, first.length);
  }

  private TorchFileException error(String expected, String there) {
    return new TorchFileException(
        where
            + ": the pickle ends too early: at byte "
            + bytes.position()
            + " expected "
            + expected
            + ", but there are "
            + there
            + ". The file is cut short or damaged; download it again");
  }
}

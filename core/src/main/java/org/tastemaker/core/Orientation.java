package org.tastemaker.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a picture lies in its file, by Exif's tag 0x0112: from 1, as it is, to 8. A camera that was
 * held upright writes the rows as they came and a number that says how to turn them.
 */
final class Orientation {
  static final int PLAIN = 1;

  private static final int TAG = 0x0112;
  private static final int SHORT = 3;
  private static final int MOST_TAGS = 1000;

  private Orientation() {}

  /**
   * The orientation that a block of Exif asks for; 1 if it has none, or none that can be read.
   *
   * @param bytes holds the block, from its byte order mark on
   * @param offset where the block begins
   * @param length of the block
   */
  static int of(byte[] bytes, int offset, int length) {
    ByteBuffer in = ByteBuffer.wrap(bytes, offset, length).slice();
    if (length < 10) {
      return PLAIN;
    }
    int order = in.getShort(0);
    if (order != 0x4949 && order != 0x4D4D) {
      return PLAIN;
    }
    in.order(order == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long directory = Integer.toUnsignedLong(in.getInt(4));
    if (in.getShort(2) != 42 || directory > length - 2) {
      return PLAIN;
    }
    int at = (int) directory;
    int tags = Math.min(in.getShort(at) & 0xFFFF, MOST_TAGS);
    at += 2;
    for (int i = 0; i < tags && at + 12 <= length; i++, at += 12) {
      if ((in.getShort(at) & 0xFFFF) == TAG && in.getShort(at + 2) == SHORT) {
        int value = in.getShort(at + 8);
        return value >= 1 && value <= 8 ? value : PLAIN;
      }
    }
    return PLAIN;
  }

  /** Whether rows become columns. */
  static boolean turned(int orientation) {
    return orientation >= 5;
  }
}

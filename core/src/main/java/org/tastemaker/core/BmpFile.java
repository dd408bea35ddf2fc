package org.tastemaker.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;

/**
 * The header of a BMP, checked before it is decoded. What a BMP may hold or name and what is no
 * bitmap is rejected: another image within it, whose size nobody has checked, and a colour profile
 * in another file.
 */
final class BmpFile {
  private static final int SHORT = 12;
  private static final Set<Integer> HEADERS = Set.of(SHORT, 40, 52, 56, 64, 108);
  private static final Set<Integer> BITS = Set.of(1, 4, 8, 16, 24, 32);
  private static final int MOST_COLOURS = 256;

  /** Run lengths make at most 255 pixels of two bytes. */
  private static final long MOST_EXPANSION = 128;

  private BmpFile() {}

  static boolean is(byte[] bytes) {
    return bytes.length >= 26 && bytes[0] == 'B' && bytes[1] == 'M';
  }

  static void check(byte[] bytes, long mostPixels) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int header = in.getInt(14);
    if (!HEADERS.contains(header) || 14 + header > bytes.length) {
      throw ImageBounds.damaged("BMP", bytes, "a header of " + header + " bytes is not supported");
    }
    boolean small = header == SHORT;
    long width = small ? in.getShort(18) & 0xFFFF : in.getInt(18);
    long height = small ? in.getShort(20) & 0xFFFF : Math.abs((long) in.getInt(22));
    ImageBounds.requirePixels("BMP", width, height, mostPixels);
    int bits = in.getShort(small ? 24 : 28);
    int compression = small ? 0 : in.getInt(30);
    if (!BITS.contains(bits) || compression < 0 || compression > 3) {
      throw ImageBounds.damaged(
          "BMP", bytes, bits + " bits and compression " + compression + " are not supported");
    }
    long offset = Integer.toUnsignedLong(in.getInt(10));
    long colours = (offset - 14 - header) / (small ? 3 : 4);
    long used = small ? 0 : Integer.toUnsignedLong(in.getInt(46));
    if (offset < 14 + header
        || offset >= bytes.length
        || used > MOST_COLOURS
        || colours > MOST_COLOURS + 4) {
      throw ImageBounds.damaged("BMP", bytes, "its pixels or its colours lie outside of it");
    }
    boolean runs = compression == 1 || compression == 2;
    long row = (width * bits + 7) / 8;
    long rows = (height - 1) * ((row + 3) / 4 * 4) + row; // the filling of the last may be missing
    long needed = runs ? width * height / MOST_EXPANSION - 65_536 : rows;
    if (needed > bytes.length - offset || (runs && !ends(bytes, (int) offset, compression))) {
      throw ImageBounds.damaged(
          "BMP", bytes, "it is cut off: they cannot hold " + width + " x " + height + " pixels");
    }
  }

  /** Whether run lengths come to the mark of their end. */
  private static boolean ends(byte[] bytes, int offset, int compression) {
    int at = offset;
    while (at + 1 < bytes.length) {
      int count = bytes[at] & 0xFF;
      int value = bytes[at + 1] & 0xFF;
      at += 2;
      if (count == 0 && value == 1) {
        return true;
      }
      if (count == 0 && value == 2) {
        at += 2;
      } else if (count == 0 && value > 2) { // pixels as they are, filled to an even length
        int length = compression == 1 ? value : (value + 1) / 2;
        at += length + (length & 1);
      }
    }
    return false;
  }
}

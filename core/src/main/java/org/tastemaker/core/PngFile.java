package org.tastemaker.core;

import java.nio.ByteBuffer;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * The chunks of a PNG, checked before it is decoded: the size in its header, the length and the
 * checksum of each chunk, and that there are enough data for the pixels that are promised. Only the
 * chunks that decide the pixels are left; texts and colour profiles, which may be compressed bombs,
 * are not looked at.
 */
final class PngFile {
  private static final long SIGNATURE = 0x89504E470D0A1A0AL;

  /** IHDR, PLTE, tRNS, IDAT and IEND. */
  private static final Set<Integer> KEPT =
      Set.of(0x49484452, 0x504C5445, 0x74524E53, 0x49444154, 0x49454E44);

  private static final int HEADER = 0x49484452;
  private static final int DATA = 0x49444154;
  private static final int END = 0x49454E44;

  /** Deflate makes at most 1032 bytes of one. */
  private static final long MOST_EXPANSION = 1032;

  private PngFile() {}

  static boolean is(byte[] bytes) {
    return bytes.length >= 8 && ByteBuffer.wrap(bytes).getLong() == SIGNATURE;
  }

  /** The file without what does not decide its pixels. */
  static byte[] checked(byte[] bytes, long mostPixels) {
    ByteBuffer in = ByteBuffer.wrap(bytes, 8, bytes.length - 8);
    ByteBuffer out = ByteBuffer.allocate(bytes.length).putLong(SIGNATURE);
    long rows = 0; // bytes of all rows
    long data = 0;
    int type = 0;
    while (type != END) {
      if (in.remaining() < 12) {
        throw ImageBounds.damaged("PNG", bytes, "it ends before its IEND chunk");
      }
      int begin = in.position();
      int length = in.getInt();
      type = in.getInt();
      if (length < 0 || length > in.remaining() - 4) {
        throw ImageBounds.damaged(
            "PNG",
            bytes,
            "a chunk of "
                + Integer.toUnsignedString(length)
                + " bytes at byte "
                + begin
                + " of a file of "
                + bytes.length);
      }
      if ((out.position() == 8) != (type == HEADER) || (type == HEADER && length != 13)) {
        throw ImageBounds.damaged("PNG", bytes, "its first and only header must be IHDR");
      }
      if (KEPT.contains(type)) {
        CRC32 crc = new CRC32();
        crc.update(bytes, begin + 4, 4 + length);
        if ((int) crc.getValue() != in.getInt(begin + 8 + length)) {
          throw ImageBounds.damaged("PNG", bytes, "the checksum of the chunk at byte " + begin);
        }
        if (type == HEADER) {
          rows = rows(bytes, in, mostPixels);
        }
        data += type == DATA ? length : 0;
        out.put(bytes, begin, 12 + length);
      }
      in.position(begin + 12 + length);
    }
    if (data == 0 || rows > MOST_EXPANSION * data + 1024) {
      throw ImageBounds.damaged(
          "PNG", bytes, data + " bytes of data cannot hold the " + rows + " of its pixels");
    }
    byte[] kept = new byte[out.position()];
    out.flip().get(kept);
    return kept;
  }

  private static long rows(byte[] bytes, ByteBuffer in, long mostPixels) {
    int begin = in.position();
    long width = Integer.toUnsignedLong(in.getInt(begin));
    long height = Integer.toUnsignedLong(in.getInt(begin + 4));
    ImageBounds.requirePixels("PNG", width, height, mostPixels);
    int depth = in.get(begin + 8);
    int samples =
        switch (in.get(begin + 9)) {
          case 0, 3 -> 1;
          case 2 -> 3;
          case 4 -> 2;
          case 6 -> 4;
          default -> throw ImageBounds.damaged("PNG", bytes, "an unknown colour type");
        };
    if (!Set.of(1, 2, 4, 8, 16).contains(depth)) {
      throw ImageBounds.damaged("PNG", bytes, "an unknown bit depth");
    }
    return height * (1 + (width * samples * depth + 7) / 8);
  }
}

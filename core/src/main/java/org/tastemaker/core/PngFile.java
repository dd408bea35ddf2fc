package org.tastemaker.core;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of a PNG, checked before it is decoded: the size in its header, the length and the
 * checksum of each chunk, and that there are enough data for the pixels that are promised. Texts,
 * which may be compressed bombs, are not looked at; of a colour profile no more is inflated than
 * one may have. The chunks gAMA and cHRM are ignored, as Pillow does: too many programs write them
 * wrongly.
 */
final class PngFile {
  /** Where the first chunk begins. */
  static final int FIRST = 8;

  private static final long SIGNATURE = 0x89504E470D0A1A0AL;
  private static final int HEADER = 0x49484452;
  private static final int PALETTE = 0x504C5445;
  private static final int TRANSPARENT = 0x74524E53;
  private static final int DATA = 0x49444154;
  private static final int END = 0x49454E44;
  private static final int PROFILE = 0x69434350;
  private static final int EXIF = 0x65584966;

  /** What decides the pixels. A wrong checksum in one of the others makes it ignored. */
  private static final Set<Integer> NEEDED = Set.of(HEADER, PALETTE, TRANSPARENT, DATA, END);

  private static final Set<Integer> WANTED = Set.of(PROFILE, EXIF);

  /** Deflate makes at most 1032 bytes of one. */
  private static final long MOST_EXPANSION = 1032;

  final byte[] bytes;
  int width;
  int height;
  int depth;
  int colourType;
  boolean interlaced;
  byte[] palette = {};
  byte @Nullable [] transparent;
  byte @Nullable [] profile;
  int orientation = Orientation.PLAIN;
  private long packed;

  private PngFile(byte[] bytes) {
    this.bytes = bytes;
  }

  static boolean is(byte[] bytes) {
    return bytes.length >= 8 && ByteBuffer.wrap(bytes).getLong() == SIGNATURE;
  }

  /** The file's parts, when all is as it should be. */
  static PngFile checked(byte[] bytes, long mostPixels) {
    PngFile file = new PngFile(bytes);
    file.chunks(mostPixels);
    return file;
  }

  private void chunks(long mostPixels) {
    ByteBuffer in = ByteBuffer.wrap(bytes, 8, bytes.length - 8);
    boolean first = true;
    int type = 0;
    while (type != END) {
      if (in.remaining() < 12) {
        throw damaged("it ends before its IEND chunk");
      }
      int begin = in.position();
      int length = in.getInt();
      type = in.getInt();
      if (length < 0 || length > in.remaining() - 4) {
        throw damaged(
            "a chunk of "
                + Integer.toUnsignedString(length)
                + " bytes at byte "
                + begin
                + " of a file of "
                + bytes.length);
      }
      if (first != (type == HEADER) || (first && length != 13)) {
        throw damaged("its first and only header must be IHDR");
      }
      first = false;
      if (NEEDED.contains(type) || WANTED.contains(type)) {
        CRC32 crc = new CRC32();
        crc.update(bytes, begin + 4, 4 + length);
        boolean right = (int) crc.getValue() == in.getInt(begin + 8 + length);
        if (right) {
          chunk(type, begin + 8, length, mostPixels);
        } else if (NEEDED.contains(type)) {
          throw damaged("the checksum of the chunk at byte " + begin);
        }
      }
      in.position(begin + 12 + length);
    }
    long rows = height * (1 + ((long) width * samples() * depth + 7) / 8);
    if (packed == 0 || rows > MOST_EXPANSION * packed + 1024) {
      throw damaged(packed + " bytes of data cannot hold the " + rows + " of its pixels");
    }
    if (colourType == 3 && palette.length < 3) {
      throw damaged("it has no palette");
    }
  }

  private void chunk(int type, int offset, int length, long mostPixels) {
    switch (type) {
      case HEADER -> header(offset, mostPixels);
      case PALETTE -> palette = copy(offset, length);
      case TRANSPARENT -> transparent = copy(offset, length);
      case DATA -> packed += length;
      case PROFILE -> profile = profile == null ? inflated(offset, length) : profile;
      case EXIF -> orientation = Orientation.of(bytes, offset, length);
      default -> {
        // the end
      }
    }
  }

  private void header(int begin, long mostPixels) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    long wide = Integer.toUnsignedLong(in.getInt(begin));
    long high = Integer.toUnsignedLong(in.getInt(begin + 4));
    ImageBounds.requirePixels("PNG", wide, high, mostPixels);
    width = (int) wide;
    height = (int) high;
    depth = in.get(begin + 8);
    colourType = in.get(begin + 9);
    interlaced = in.get(begin + 12) == 1;
    Set<Integer> depths =
        switch (colourType) {
          case 0 -> Set.of(1, 2, 4, 8, 16);
          case 3 -> Set.of(1, 2, 4, 8);
          case 2, 4, 6 -> Set.of(8, 16);
          default -> throw damaged("an unknown colour type");
        };
    if (!depths.contains(depth)) {
      throw damaged("an unknown bit depth");
    }
    if (in.get(begin + 10) != 0 || in.get(begin + 11) != 0 || (in.get(begin + 12) & 0xFE) != 0) {
      throw damaged("an unknown method of compression, filtering or interlacing");
    }
  }

  /**
   * The first chunk of data from a place on.
   *
   * @param from where a chunk begins
   * @return where that chunk begins; -1 if there is none
   */
  int nextData(int from) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int at = from;
    while (in.getInt(at + 4) != DATA) {
      if (in.getInt(at + 4) == END) {
        return -1;
      }
      at = after(at);
    }
    return at;
  }

  /** Where the chunk after this one begins. */
  int after(int at) {
    return at + 12 + length(at);
  }

  /** How many bytes a chunk holds, from eight bytes after its beginning on. */
  int length(int at) {
    return ByteBuffer.wrap(bytes).getInt(at);
  }

  /** Per pixel, in the file. */
  int samples() {
    return switch (colourType) {
      case 2 -> 3;
      case 4 -> 2;
      case 6 -> 4;
      default -> 1;
    };
  }

  private byte[] copy(int offset, int length) {
    byte[] copy = new byte[length];
    System.arraycopy(bytes, offset, copy, 0, length);
    return copy;
  }

  /** A profile; what cannot be inflated to one is given as it is, to be ignored. */
  private byte[] inflated(int offset, int length) {
    int begin = offset;
    while (begin < offset + length && bytes[begin] != 0) { // its name
      begin++;
    }
    int packed = Math.max(0, offset + length - begin - 2);
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(bytes, Math.min(begin + 2, offset + length), packed);
      byte[] head = new byte[ColourProfile.HEADER];
      int got = inflate(inflater, head, 0);
      if (got < head.length || !ColourProfile.begins(head)) {
        return head;
      }
      byte[] whole = Arrays.copyOf(head, ColourProfile.size(head));
      inflate(inflater, whole, head.length);
      return whole;
    } catch (DataFormatException e) {
      return new byte[0];
    } finally {
      inflater.end();
    }
  }

  private static int inflate(Inflater inflater, byte[] target, int offset)
      throws DataFormatException {
    int at = offset;
    while (at < target.length) {
      int got = inflater.inflate(target, at, target.length - at);
      if (got == 0) {
        break;
      }
      at += got;
    }
    return at;
  }

  IllegalArgumentException damaged(String why) {
    return ImageBounds.damaged("PNG", bytes, why);
  }
}

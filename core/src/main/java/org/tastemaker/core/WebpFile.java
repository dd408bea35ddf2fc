package org.tastemaker.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of a WebP, checked before it is decoded: the sizes in its headers, the length of each
 * chunk, and whether it is cut off. Of an animation the first frame is taken, by itself. What is
 * decoded later holds the picture and its transparency alone.
 */
final class WebpFile {
  private static final int RIFF = code("RIFF");
  private static final int WEBP = code("WEBP");
  private static final int EXTENDED = code("VP8X");
  private static final int LOSSY = code("VP8 ");
  private static final int LOSSLESS = code("VP8L");
  private static final int ALPHA = code("ALPH");
  private static final int FRAME = code("ANMF");
  private static final int PROFILE = code("ICCP");
  private static final int EXIF = code("EXIF");
  private static final byte[] EXIF_MARK = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

  /** Of a frame: its place, size and time, before its chunks. */
  private static final int FRAME_HEADER = 16;

  private final byte[] bytes;
  private final ByteBuffer in;
  private final long mostPixels;
  private int picture = -1; // where the picture's chunk begins
  private int alpha = -1;
  private boolean inFrame;

  int width;
  int height;
  byte @Nullable [] profile;
  int orientation = Orientation.PLAIN;

  private WebpFile(byte[] bytes, long mostPixels) {
    this.bytes = bytes;
    this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.mostPixels = mostPixels;
  }

  private static int code(String name) {
    return ByteBuffer.wrap(name.getBytes(StandardCharsets.US_ASCII))
        .order(ByteOrder.LITTLE_ENDIAN)
        .getInt();
  }

  static boolean is(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.length >= 20 && in.getInt(0) == RIFF && in.getInt(8) == WEBP;
  }

  /** The file's parts, when all is as it should be. */
  static WebpFile checked(byte[] bytes, long mostPixels) {
    WebpFile file = new WebpFile(bytes, mostPixels);
    long length = 8 + Integer.toUnsignedLong(file.in.getInt(4));
    // Some programs forget the filling behind an odd last chunk, or do not count it.
    if (length > bytes.length + 1L) {
      throw file.damaged("it is cut off: " + length + " bytes are announced");
    }
    file.chunks(12, (int) Math.min(length, bytes.length));
    if (file.picture < 0) {
      throw file.damaged("it has no picture");
    }
    return file;
  }

  private void chunks(int begin, int end) {
    int at = begin;
    while (at + 8 <= end) {
      long length = Integer.toUnsignedLong(in.getInt(at + 4));
      if (length > end - at - 8) {
        throw damaged("a chunk of " + length + " bytes at byte " + at + " of " + bytes.length);
      }
      chunk(in.getInt(at), at, (int) length);
      at += 8 + (int) length + (int) (length & 1);
    }
  }

  private void chunk(int type, int at, int length) {
    int content = at + 8;
    if (type == EXTENDED && length >= 10) {
      // The canvas: a picture that is not an animation has its size.
      ImageBounds.requirePixels("WebP", 1 + three(content + 4), 1 + three(content + 7), mostPixels);
    } else if ((type == LOSSY || type == LOSSLESS) && picture < 0) {
      size(type, content, length);
      picture = at;
    } else if (type == ALPHA && picture < 0) {
      alpha = at;
    } else if (type == FRAME && picture < 0 && length > FRAME_HEADER && !inFrame) {
      inFrame = true;
      chunks(content + FRAME_HEADER, content + length);
      inFrame = false;
    } else if (type == PROFILE && length <= ColourProfile.MOST_BYTES && profile == null) {
      profile = new byte[length];
      in.get(content, profile);
    } else if (type == EXIF) {
      boolean marked = length > 6 && ByteBuffer.wrap(EXIF_MARK).equals(in.slice(content, 6));
      int skipped = marked ? EXIF_MARK.length : 0;
      orientation = Orientation.of(bytes, content + skipped, length - skipped);
    }
  }

  private void size(int type, int content, int length) {
    if (length < (type == LOSSY ? 10 : 5)) {
      throw damaged("its picture has " + length + " bytes");
    }
    if (type == LOSSY) {
      width = in.getShort(content + 6) & 0x3FFF;
      height = in.getShort(content + 8) & 0x3FFF;
    } else {
      int sizes = in.getInt(content + 1); // behind a signature
      width = 1 + (sizes & 0x3FFF);
      height = 1 + (sizes >>> 14 & 0x3FFF);
    }
    ImageBounds.requirePixels("WebP", width, height, mostPixels);
  }

  private int three(int at) {
    return (in.getShort(at) & 0xFFFF) | (bytes[at + 2] & 0xFF) << 16;
  }

  /** A file of the picture alone. */
  byte[] plain() {
    int pictureLength = 8 + in.getInt(picture + 4);
    int alphaLength = alpha < 0 ? 0 : 8 + in.getInt(alpha + 4);
    int extended = alpha < 0 ? 0 : 18;
    byte[] plain = new byte[12 + extended + even(alphaLength) + even(pictureLength)];
    ByteBuffer out = ByteBuffer.wrap(plain).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(RIFF).putInt(plain.length - 8).putInt(WEBP);
    if (alpha >= 0) {
      out.putInt(EXTENDED).putInt(10).putInt(0x10); // with alpha
      out.putShort((short) (width - 1)).put((byte) 0);
      out.putShort((short) (height - 1)).put((byte) 0);
      out.put(bytes, alpha, alphaLength).position(30 + even(alphaLength));
    }
    out.put(bytes, picture, pictureLength);
    return plain;
  }

  private static int even(int length) {
    return length + (length & 1);
  }

  IllegalArgumentException damaged(String why) {
    return ImageBounds.damaged("WebP", bytes, why);
  }
}

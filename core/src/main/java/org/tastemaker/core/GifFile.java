package org.tastemaker.core;

import java.nio.charset.StandardCharsets;

/** The sizes in a GIF, checked before it is decoded: of its screen and of its first picture. */
final class GifFile {
  /** A code of 12 bits stands for at most 4096 pixels. */
  private static final long MOST_EXPANSION = 2731;

  private GifFile() {}

  static boolean is(byte[] bytes) {
    return bytes.length >= 13
        && new String(bytes, 0, 6, StandardCharsets.US_ASCII).matches("GIF8[79]a");
  }

  static void check(byte[] bytes, long mostPixels) {
    ImageBounds.requirePixels("GIF", number(bytes, 6), number(bytes, 8), mostPixels);
    int at = 13 + colours(bytes[10]);
    while (at < bytes.length && bytes[at] == 0x21) { // extensions
      at += 2;
      while (at < bytes.length && bytes[at] != 0) {
        at += 1 + (bytes[at] & 0xFF);
      }
      at++;
    }
    if (at + 10 > bytes.length || bytes[at] != 0x2C) {
      throw ImageBounds.damaged("GIF", bytes, "it ends before its first picture");
    }
    long width = number(bytes, at + 5);
    long height = number(bytes, at + 7);
    ImageBounds.requirePixels("GIF", width, height, mostPixels);
    ImageBounds.requireRoom("GIF", bytes, width, height, MOST_EXPANSION);
    at += 11 + colours(bytes[at + 9]); // its colours, and the size of its codes
    while (at < bytes.length && bytes[at] != 0) {
      at += 1 + (bytes[at] & 0xFF);
    }
    if (at >= bytes.length) {
      throw ImageBounds.damaged("GIF", bytes, "it is cut off within its first picture");
    }
  }

  /** The size of the colour table that some flags announce. */
  private static int colours(byte flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  private static int number(byte[] bytes, int index) {
    return (bytes[index] & 0xFF) | (bytes[index + 1] & 0xFF) << 8;
  }
}

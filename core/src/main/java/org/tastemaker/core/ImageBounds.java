package org.tastemaker.core;

/** What is wrong with an image's file before it is decoded. */
final class ImageBounds {
  private ImageBounds() {}

  static void requirePixels(String format, long width, long height, long most) {
    if (width < 1 || height < 1 || width > most || height > most || width * height > most) {
      throw new UnsafeImageException(
          "a "
              + format
              + " of "
              + width
              + " x "
              + height
              + " pixels, but expected at least one and at most "
              + most
              + " pixels in all; make the image smaller, or give a larger bound to"
              + " Image.fromBytes");
    }
  }

  /** Fails if so many bytes cannot hold the pixels, at the format's best. */
  static void requireRoom(
      String format, byte[] bytes, long width, long height, long mostPixelsOfAByte) {
    if (width * height > mostPixelsOfAByte * bytes.length + 65_536) {
      throw damaged(format, bytes, "they cannot hold " + width + " x " + height + " pixels");
    }
  }

  static IllegalArgumentException damaged(String format, byte[] bytes, String why) {
    return new IllegalArgumentException(
        "these " + bytes.length + " bytes are a damaged " + format + " image: " + why);
  }
}

package org.tastemaker.core;

import java.util.Locale;

/** What is wrong with an image's file before it is decoded. */
final class ImageBounds {
  private ImageBounds() {}

  static void requirePixels(String format, long width, long height, long most) {
    if (width < 1 || height < 1 || width > most || height > most || width * height > most) {
      throw new UnsafeImageException(
          "a "
              + format.toUpperCase(Locale.ROOT)
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

  static IllegalArgumentException damaged(String format, byte[] bytes, String why) {
    return new IllegalArgumentException(
        "these " + bytes.length + " bytes are a damaged " + format + " image: " + why);
  }
}

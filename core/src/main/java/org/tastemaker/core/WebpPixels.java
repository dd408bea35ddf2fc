package org.tastemaker.core;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * The pixels of a WebP, by a reader of ImageIO that is on the class path or not: the JDK has none,
 * and who reads no WebP needs none.
 */
final class WebpPixels {
  /** By this library's libwebp, if several are there: the pixels are exact. */
  private static final String PREFERRED = "com.luciad.imageio.webp.";

  private WebpPixels() {}

  static Canvas decode(WebpFile file) {
    return decode(file, ImageIO.getImageReadersByFormatName("webp"));
  }

  static Canvas decode(WebpFile file, Iterator<ImageReader> readers) {
    ImageReader reader = best(file, readers);
    try (MemoryCacheImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(file.plain()))) {
      reader.setInput(in, true, true);
      BufferedImage image = reader.read(0);
      if (image.getWidth() != file.width || image.getHeight() != file.height) {
        throw file.damaged("its decoder found another size than its header says");
      }
      return AwtPixels.read(image, file.orientation, ColourProfile.of(file.profile, 3));
    } catch (IOException | RuntimeException e) { // of damaged files
      throw e instanceof IllegalArgumentException known && known.getCause() == null
          ? known
          : file.damaged("" + e.getMessage());
    } catch (OutOfMemoryError e) {
      // What libwebp says of damaged transparency too. Its size was checked before.
      throw file.damaged("its transparency is damaged, or there is too little memory for it");
    } finally {
      reader.dispose();
    }
  }

  private static ImageReader best(WebpFile file, Iterator<ImageReader> readers) {
    ImageReader best = null;
    while (readers.hasNext()) {
      ImageReader next = readers.next();
      if (best == null || next.getClass().getName().startsWith(PREFERRED)) {
        best = next;
      }
    }
    if (best == null) {
      throw new IllegalArgumentException(
          "this is a WebP image of "
              + file.width
              + " x "
              + file.height
              + " pixels, and nothing on the class path reads WebP: add the dependency"
              + " com.github.usefulness:webp-imageio (tastemaker-feedback brings it), or convert"
              + " the file to PNG");
    }
    return best;
  }
}

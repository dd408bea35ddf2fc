package org.tastemaker.core;

import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/** The JDK's own reader of a format, whichever others are on the class path. */
final class JdkReader {
  private JdkReader() {}

  static ImageReader of(String format) {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
    ImageReader first = readers.next();
    ImageReader reader = first;
    while (!reader.getClass().getName().startsWith("com.sun.imageio.")) {
      if (!readers.hasNext()) {
        return first;
      }
      reader = readers.next();
    }
    return reader;
  }
}

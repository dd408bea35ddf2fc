package org.tastemaker.core;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.Raster;
import org.jspecify.annotations.Nullable;

/** The pixels of an AWT image. */
final class AwtPixels {
  private AwtPixels() {}

  static Canvas read(BufferedImage source) {
    return read(source, Orientation.PLAIN, null);
  }

  /**
   * Reads what a decoder made of a file.
   *
   * @param orientation of the file
   * @param profile of its colours, if they are not grey; null for sRGB
   */
  static Canvas read(BufferedImage source, int orientation, @Nullable ColourProfile profile) {
    Canvas canvas = new Canvas(source.getWidth(), source.getHeight(), orientation, profile);
    ColorModel model = source.getColorModel();
    boolean grey =
        model instanceof ComponentColorModel
            && model.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    for (int y = 0; y < source.getHeight(); y++) {
      if (grey) {
        grey(source, y, canvas);
      } else {
        colours(source, y, canvas);
      }
    }
    return canvas;
  }

  private static void colours(BufferedImage source, int y, Canvas canvas) {
    int width = source.getWidth();
    int[] argb = source.getRGB(0, y, width, 1, null, 0, width);
    float[] samples = new float[4 * width];
    for (int x = 0; x < width; x++) {
      for (int c = 0; c < 4; c++) {
        samples[4 * x + c] = (argb[x] >>> (c == 3 ? 24 : 16 - 8 * c) & 0xFF) / 255f;
      }
    }
    canvas.draw(y, 0, 1, width, samples, Layout.RGB_ALPHA);
  }

  private static void grey(BufferedImage source, int y, Canvas canvas) {
    int width = source.getWidth();
    ColorModel model = source.getColorModel();
    Raster raster = source.getRaster();
    float[] samples = new float[2 * width];
    float[] normalized = null;
    for (int x = 0; x < width; x++) {
      Object pixel = raster.getDataElements(x, y, null);
      normalized = model.getNormalizedComponents(pixel, normalized, 0); // not premultiplied
      samples[2 * x] = normalized[0];
      samples[2 * x + 1] = model.hasAlpha() ? normalized[1] : 1;
    }
    canvas.draw(y, 0, 1, width, samples, Layout.GREY_ALPHA);
  }
}

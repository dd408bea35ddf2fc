package org.tastemaker.core;

import org.jspecify.annotations.Nullable;

/**
 * What a decoder draws an image on, row by row: samples are converted by the file's colour profile,
 * laid on white where they are transparent, and put where the file's orientation says.
 */
final class Canvas {
  private final int height;
  private final int width;
  private final @Nullable ColourProfile profile;
  private final float[] chw;

  // Where the file's pixel (y, x) lies: origin + y * down + x * right.
  private final int origin;
  private final int down;
  private final int right;

  private float[] colours = {};
  private float[] rgb = {};

  /**
   * White.
   *
   * @param width of the file's rows
   * @param height how many rows the file has
   * @param orientation from 1 to 8
   * @param profile of the file's samples; null if they are sRGB
   */
  Canvas(int width, int height, int orientation, @Nullable ColourProfile profile) {
    boolean turned = Orientation.turned(orientation);
    this.width = turned ? height : width;
    this.height = turned ? width : height;
    this.profile = profile;
    this.chw = new float[3 * width * height];
    // Where the file's first row and its first column are, as Exif defines them.
    boolean bottom = orientation == 3 || orientation == 4;
    boolean mirrored = orientation == 2 || orientation == 3;
    boolean fromRight = orientation == 6 || orientation == 7; // the first row is the right side
    boolean fromBottom = orientation == 7 || orientation == 8; // the first column is the bottom
    if (turned) {
      right = fromBottom ? -this.width : this.width;
      down = fromRight ? -1 : 1;
      origin = (fromRight ? this.width - 1 : 0) + (fromBottom ? (width - 1) * this.width : 0);
    } else {
      right = mirrored ? -1 : 1;
      down = bottom ? -width : width;
      origin = (mirrored ? width - 1 : 0) + (bottom ? (height - 1) * width : 0);
    }
  }

  /**
   * Draws pixels of one of the file's rows.
   *
   * @param y the row
   * @param x where the first pixel lies
   * @param step from one pixel to the next
   * @param count how many pixels
   * @param samples of the pixels, each in [0, 1]
   * @param layout what they are
   */
  void draw(int y, int x, int step, int count, float[] samples, Layout layout) {
    float[] converted = toRgb(count, samples, layout);
    int plane = width * height;
    int each = layout.samples();
    for (int i = 0; i < count; i++) {
      float alpha = layout.alpha ? samples[i * each + each - 1] : 1;
      int at = origin + y * down + (x + i * step) * right;
      for (int c = 0; c < 3; c++) {
        float value = alpha * converted[3 * i + c] + (1 - alpha);
        chw[c * plane + at] = Math.max(0, Math.min(1, value));
      }
    }
  }

  private float[] toRgb(int count, float[] samples, Layout layout) {
    if (layout == Layout.RGB && profile == null) {
      return samples;
    }
    if (rgb.length < 3 * count) {
      rgb = new float[3 * count];
      colours = new float[4 * count];
    }
    int each = layout.samples();
    for (int i = 0; i < count; i++) {
      System.arraycopy(samples, i * each, colours, i * layout.colours, layout.colours);
    }
    if (profile != null) {
      profile.toSrgb(colours, count, rgb);
      return rgb;
    }
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < 3; c++) {
        rgb[3 * i + c] =
            switch (layout.colours) {
              case 1 -> colours[i];
              case 3 -> colours[3 * i + c];
              default -> (1 - colours[4 * i + c]) * (1 - colours[4 * i + 3]);
            };
      }
    }
    return rgb;
  }

  int height() {
    return height;
  }

  int width() {
    return width;
  }

  /** What was drawn, [3, height, width]; not a copy, so that nothing may be drawn any more. */
  float[] chw() {
    return chw;
  }
}

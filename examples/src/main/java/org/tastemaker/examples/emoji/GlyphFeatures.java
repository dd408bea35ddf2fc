package org.tastemaker.examples.emoji;

import org.tastemaker.core.Image;

/**
 * What a 32 x 32 image looks like, as numbers whose squared distance says how alike two images are:
 * blurred colours at half the resolution for hue and mass, and the strength of edges in four
 * directions, pooled, for shape. Both were chosen by how many reconstructed glyphs they recognise.
 */
final class GlyphFeatures {
  private static final int SIDE = GlyphSheet.SIDE;
  private static final int HALF = SIDE / 2;
  private static final int CELLS = 8;
  private static final int CELL = SIDE / CELLS;
  private static final int DIRECTIONS = 4;

  /** How many numbers there are. */
  static final int SIZE = 3 * HALF * HALF + CELLS * CELLS * DIRECTIONS;

  private GlyphFeatures() {}

  /**
   * The features of an image moved by whole pixels; pixels that come in at the border are white.
   *
   * @param image 3 x 32 x 32
   * @param edges weight of edges relative to colours
   */
  static float[] of(Image image, int dy, int dx, double edges) {
    float[] features = new float[SIZE];
    float[] grey = new float[SIDE * SIDE];
    float[] blurred = new float[SIDE * SIDE];
    for (int c = 0; c < 3; c++) {
      float[] plane = plane(image, c, dy, dx); // [32, 32]
      for (int i = 0; i < grey.length; i++) {
        grey[i] += plane[i] / 3;
      }
      blur(plane, blurred);
      for (int y = 0; y < HALF; y++) {
        for (int x = 0; x < HALF; x++) {
          int at = 2 * y * SIDE + 2 * x;
          features[(c * HALF + y) * HALF + x] =
              (blurred[at] + blurred[at + 1] + blurred[at + SIDE] + blurred[at + SIDE + 1])
                  / 4
                  / HALF; // the squared distance is a mean over pixels
        }
      }
    }
    edges(grey, features, 3 * HALF * HALF, (float) edges);
    return features;
  }

  /** The squared distance of two images' features. */
  static double distance(float[] a, float[] b) {
    return distance(a, b, Double.POSITIVE_INFINITY);
  }

  /** The squared distance of two images' features, or some number above the limit. */
  static double distance(float[] a, float[] b, double limit) {
    double sum = 0;
    for (int row = 0; row < a.length && sum <= limit; row += HALF) {
      float part = 0;
      for (int i = row; i < row + HALF; i++) {
        float d = a[i] - b[i];
        part += d * d;
      }
      sum += part;
    }
    return sum;
  }

  private static float[] plane(Image image, int channel, int dy, int dx) {
    float[] plane = new float[SIDE * SIDE];
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        int fromY = y - dy;
        int fromX = x - dx;
        boolean inside = fromY >= 0 && fromY < SIDE && fromX >= 0 && fromX < SIDE;
        plane[y * SIDE + x] = inside ? image.get(channel, fromY, fromX) : 1;
      }
    }
    return plane;
  }

  /** Binomial weights 1 2 1 in both directions; the border is repeated. */
  private static void blur(float[] from, float[] to) {
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        float sum = 0;
        for (int j = -1; j <= 1; j++) {
          for (int i = -1; i <= 1; i++) {
            int yy = Math.min(SIDE - 1, Math.max(0, y + j));
            int xx = Math.min(SIDE - 1, Math.max(0, x + i));
            sum += (2 - Math.abs(j)) * (2 - Math.abs(i)) * from[yy * SIDE + xx];
          }
        }
        to[y * SIDE + x] = sum / 16;
      }
    }
  }

  /**
   * Adds the gradient of features by the image to what there is.
   *
   * @param image 3 x 32 x 32
   * @param byFeatures d L / d feature, of the image moved as in {@link #of}
   * @param byImage is added to, [3, 32, 32]
   */
  static void addGradient(
      Image image, int dy, int dx, double edges, float[] byFeatures, float[] byImage) {
    float[] grey = new float[SIDE * SIDE];
    for (int c = 0; c < 3; c++) {
      float[] plane = plane(image, c, dy, dx);
      for (int i = 0; i < grey.length; i++) {
        grey[i] += plane[i] / 3;
      }
    }
    float[] byGrey = edgesGradient(grey, byFeatures, 3 * HALF * HALF, (float) edges);
    for (int c = 0; c < 3; c++) {
      float[] byPlane = new float[SIDE * SIDE];
      for (int i = 0; i < byPlane.length; i++) {
        byPlane[i] = byGrey[i] / 3;
      }
      for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
          float byBlurred = byFeatures[(c * HALF + y / 2) * HALF + x / 2] / 4 / HALF;
          addBlurGradient(y, x, byBlurred, byPlane);
        }
      }
      for (int y = Math.max(0, dy); y < SIDE + Math.min(0, dy); y++) {
        for (int x = Math.max(0, dx); x < SIDE + Math.min(0, dx); x++) {
          byImage[(c * SIDE + y - dy) * SIDE + x - dx] += byPlane[y * SIDE + x];
        }
      }
    }
  }

  private static void addBlurGradient(int y, int x, float byBlurred, float[] byPlane) {
    for (int j = -1; j <= 1; j++) {
      for (int i = -1; i <= 1; i++) {
        int yy = Math.min(SIDE - 1, Math.max(0, y + j));
        int xx = Math.min(SIDE - 1, Math.max(0, x + i));
        byPlane[yy * SIDE + xx] += (2 - Math.abs(j)) * (2 - Math.abs(i)) * byBlurred / 16;
      }
    }
  }

  /** Of {@link #edges}, by the grey pixels; a direction is a choice that has no gradient. */
  private static float[] edgesGradient(float[] grey, float[] byFeatures, int offset, float weight) {
    float[] byGrey = new float[SIDE * SIDE];
    float scale = weight / (CELLS * CELL * CELL);
    for (int y = 1; y < SIDE - 1; y++) {
      for (int x = 1; x < SIDE - 1; x++) {
        int at = y * SIDE + x;
        float gx = grey[at + 1] - grey[at - 1];
        float gy = grey[at + SIDE] - grey[at - SIDE];
        float strength = (float) Math.hypot(gx, gy);
        if (strength > 0) {
          float g = byFeatures[offset + feature(y, x, gx, gy)] * scale / strength;
          byGrey[at + 1] += g * gx;
          byGrey[at - 1] -= g * gx;
          byGrey[at + SIDE] += g * gy;
          byGrey[at - SIDE] -= g * gy;
        }
      }
    }
    return byGrey;
  }

  /** Which of the features an edge counts for. */
  private static int feature(int y, int x, float gx, float gy) {
    double turn = Math.atan2(gy, gx) / Math.PI; // (-1, 1]
    int direction = (int) Math.floor((turn + 1) * DIRECTIONS + 0.5) % DIRECTIONS;
    return ((y / CELL) * CELLS + x / CELL) * DIRECTIONS + direction;
  }

  /** Edge strength in four directions, in cells of 4 x 4 pixels. */
  private static void edges(float[] grey, float[] features, int offset, float weight) {
    float scale = weight / (CELLS * CELL * CELL);
    for (int y = 1; y < SIDE - 1; y++) {
      for (int x = 1; x < SIDE - 1; x++) {
        int at = y * SIDE + x;
        float gx = grey[at + 1] - grey[at - 1];
        float gy = grey[at + SIDE] - grey[at - SIDE];
        float strength = (float) Math.hypot(gx, gy);
        if (strength > 0) {
          features[offset + feature(y, x, gx, gy)] += scale * strength;
        }
      }
    }
  }
}

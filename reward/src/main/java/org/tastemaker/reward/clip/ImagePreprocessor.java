package org.tastemaker.reward.clip;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import org.tastemaker.core.Image;

/**
 * Makes of an image of any size what CLIP's image tower reads.
 *
 * <pre>
 *   image [3, H, W] --resize, cut--&gt; [3, S, S] --normalise--&gt; (x - mean) / std
 *   mean = (0.48145466, 0.4578275, 0.40821073)      std = (0.26862954, 0.26130258, 0.27577711)
 * </pre>
 *
 * <p>{@link #of(Image)} is exactly the {@link Preprocessing mode}. {@link #smooth} is the linear
 * map behind it, and {@link #gradient} its exact transpose: a gradient needs it, since rounding has
 * none. For {@link Preprocessing#HPS_ORIGINAL} the two are the same. For {@link Preprocessing#PIL}
 * they differ by the rounding of two passes, and where an edge between dark and bright overshoots,
 * by the clamping. Measured in bytes with S = 224:
 *
 * <table class="striped">
 * <caption>How far the smooth map is from the bytes</caption>
 * <thead><tr><th>picture</th><th>root mean square</th><th>at most</th></tr></thead>
 * <tbody>
 * <tr><td>random bytes in [60, 190], 32 to 1024 pixels: nothing is clamped</td><td>0.32 to 0.39
 *     </td><td>1.1</td></tr>
 * <tr><td>random bytes in [0, 255], 512 pixels made smaller</td><td>0.34</td><td>2.9</td></tr>
 * <tr><td>the same, 32 pixels made larger: the worst</td><td>1.3</td><td>39</td></tr>
 * <tr><td>sheets of emoji on white</td><td>0.6 to 1.9</td><td>33</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Values between two bytes, as a model's images have them, are rounded to bytes first by {@link
 * Preprocessing#PIL}: the score is that of the image's PNG file. Grey images become three equal
 * colours. Immutable.
 */
public final class ImagePreprocessor {
  private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
  private static final double[] STD = {0.26862954, 0.26130258, 0.27577711};
  private static final int CHANNELS = 3;

  private final Preprocessing mode;
  private final int size; // S

  private ImagePreprocessor(Preprocessing mode, int size) {
    this.mode = mode;
    this.size = size;
  }

  /**
   * A preprocessor.
   *
   * @param mode how to resize
   * @param size S, the side of what the tower reads, at least 1: the image size of its
   *     configuration
   * @return the preprocessor
   */
  public static ImagePreprocessor of(Preprocessing mode, int size) {
    Objects.requireNonNull(mode, "mode == null");
    if (size < 1) {
      throw new IllegalArgumentException(
          "an image tower reads at least one pixel, but was " + size + " pixels large");
    }
    return new ImagePreprocessor(mode, size);
  }

  /**
   * How images are resized.
   *
   * @return the mode
   */
  public Preprocessing mode() {
    return mode;
  }

  /**
   * The side of what the tower reads.
   *
   * @return S
   */
  public int size() {
    return size;
  }

  /**
   * How many numbers an image becomes.
   *
   * @return 3 S S
   */
  public int length() {
    return CHANNELS * size * size;
  }

  /**
   * Prepares an image, as the mode says.
   *
   * @param image of any size; grey, or red, green and blue
   * @return [3, S, S], normalised
   */
  public float[] of(Image image) {
    int pixels = image.height() * image.width();
    float[] values = new float[CHANNELS * pixels];
    image.copyTo(values, 0);
    for (int c = image.channels(); c < CHANNELS; c++) {
      System.arraycopy(values, 0, values, c * pixels, pixels);
    }
    float[] target = new float[length()];
    if (mode == Preprocessing.PIL) {
      bytes(values, image.height(), image.width(), target);
    } else {
      smooth(
          FloatBuffer.wrap(values), 0, image.height(), image.width(), FloatBuffer.wrap(target), 0);
    }
    return target;
  }

  private void bytes(float[] values, int height, int width, float[] target) {
    BicubicAxis across = axis(width, height);
    BicubicAxis down = axis(height, width);
    int[] row = new int[width];
    int[] narrow = new int[size * height]; // [H, S], the rows that are read
    int[] small = new int[size * size];
    for (int c = 0; c < CHANNELS; c++) {
      // 1. Rows, then columns; each pass is rounded to bytes.
      for (int y = down.begin(); y < down.end(); y++) {
        for (int x = 0; x < width; x++) {
          row[x] = Math.round(values[(c * height + y) * width + x] * 255);
        }
        across.applyToBytes(row, 0, 1, narrow, y * size, 1);
      }
      for (int x = 0; x < size; x++) {
        down.applyToBytes(narrow, x, size, small, x, size);
      }
      // 2. Normalise.
      for (int i = 0; i < small.length; i++) {
        target[c * small.length + i] = (float) ((small[i] / 255.0 - MEAN[c]) / STD[c]);
      }
    }
  }

  /**
   * Prepares an image by the linear map that has a gradient: without rounding and clamping.
   *
   * @param image the values of [3, H, W], each in [0, 1]
   * @param at the index of the first of them
   * @param height H
   * @param width W
   * @param target receives [3, S, S], normalised, by absolute index
   * @param offset where it begins in the target
   */
  public void smooth(
      FloatBuffer image, int at, int height, int width, FloatBuffer target, int offset) {
    BicubicAxis across = axis(width, height);
    BicubicAxis down = axis(height, width);
    double[] row = new double[width];
    double[] narrow = new double[size * height]; // [H, S]
    double[] small = new double[size * size];
    for (int c = 0; c < CHANNELS; c++) {
      for (int y = down.begin(); y < down.end(); y++) {
        for (int x = 0; x < width; x++) {
          row[x] = image.get(at + (c * height + y) * width + x);
        }
        across.apply(row, 0, 1, narrow, y * size, 1);
      }
      for (int x = 0; x < size; x++) {
        down.apply(narrow, x, size, small, x, size);
      }
      for (int i = 0; i < small.length; i++) {
        target.put(offset + c * small.length + i, (float) ((small[i] - MEAN[c]) / STD[c]));
      }
    }
  }

  /**
   * The transpose of {@link #smooth}: takes a gradient by what the tower reads back to the image.
   *
   * @param byPixels the gradient by [3, S, S]
   * @param offset the index of the first of its numbers
   * @param height H
   * @param width W
   * @param byImage receives the gradient by [3, H, W], by absolute index
   * @param at where it begins there
   */
  public void gradient(
      FloatBuffer byPixels, int offset, int height, int width, FloatBuffer byImage, int at) {
    BicubicAxis across = axis(width, height);
    BicubicAxis down = axis(height, width);
    double[] small = new double[size * size];
    double[] row = new double[width];
    for (int c = 0; c < CHANNELS; c++) {
      for (int i = 0; i < small.length; i++) {
        small[i] = byPixels.get(offset + c * small.length + i) / STD[c];
      }
      double[] narrow = new double[size * height]; // [H, S]
      for (int x = 0; x < size; x++) {
        down.addTransposed(small, x, size, narrow, x, size);
      }
      for (int y = 0; y < height; y++) {
        Arrays.fill(row, 0);
        across.addTransposed(narrow, y * size, 1, row, 0, 1);
        for (int x = 0; x < width; x++) {
          byImage.put(at + (c * height + y) * width + x, (float) row[x]);
        }
      }
    }
  }

  /** The axis along a side of an image. */
  private BicubicAxis axis(int side, int other) {
    int resized = side <= other ? size : Math.toIntExact((long) size * side / other);
    return BicubicAxis.of(side, resized, mode.cut(resized, size), size, mode.antialiased());
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s to %d x %d", mode, size, size);
  }
}

package org.tastemaker.core;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.files.BoundedFiles;

/**
 * An immutable image: float values in [0, 1], channels first, red, green, blue or grey, rows from
 * the top.
 *
 * <p>Value {@code (c, y, x)} is at index {@code (c * height + y) * width + x}. An image lives on
 * the heap and needs no closing.
 */
public final class Image {
  /** How many pixels a file may have unless something else is said: 4096 x 4096. */
  public static final long MOST_PIXELS = 1L << 24;

  private static final int MOST_FILE_BYTES = 256 << 20;

  private final int channels;
  private final int height;
  private final int width;
  private final float[] chw;
  private volatile @Nullable String sha256; // computed when first asked for; always the same

  private Image(int channels, int height, int width, float[] chw) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.chw = chw;
  }

  /**
   * An image of given values.
   *
   * @param channels 1 (grey) or 3 (red, green, blue)
   * @param height at least 1
   * @param width at least 1
   * @param chw the values, [channels, height, width], each in [0, 1]; copied
   * @return the image
   * @throws IllegalArgumentException if a size does not fit or a value is out of range; the message
   *     says where
   */
  public static Image of(int channels, int height, int width, float[] chw) {
    checkShape(channels, height, width, chw.length);
    for (int i = 0; i < chw.length; i++) {
      if (!(chw[i] >= 0 && chw[i] <= 1)) {
        int pixel = i % (height * width);
        throw new IllegalArgumentException(
            "an image's values must be in [0, 1], but the one at channel "
                + i / (height * width)
                + ", row "
                + pixel / width
                + ", column "
                + pixel % width
                + " is "
                + chw[i]
                + "; use Image.clamped for a model's raw output");
      }
    }
    return new Image(channels, height, width, chw.clone());
  }

  /**
   * An image of values that may lie a little outside of the range, as a decoder gives them: values
   * under 0 become 0 and values over 1 become 1.
   *
   * @param channels 1 or 3
   * @param height at least 1
   * @param width at least 1
   * @param chw the values, [channels, height, width]; copied
   * @return the image
   * @throws IllegalArgumentException if a size does not fit or a value is NaN
   */
  public static Image clamped(int channels, int height, int width, float[] chw) {
    checkShape(channels, height, width, chw.length);
    float[] copy = new float[chw.length];
    for (int i = 0; i < chw.length; i++) {
      if (Float.isNaN(chw[i])) {
        throw new IllegalArgumentException(
            "an image's values must not be NaN, but the one at index "
                + i
                + " of [channels, height, width] = ["
                + channels
                + ", "
                + height
                + ", "
                + width
                + "] is NaN");
      }
      copy[i] = Math.min(1, Math.max(0, chw[i]));
    }
    return new Image(channels, height, width, copy);
  }

  /**
   * An image of one colour.
   *
   * @param height at least 1
   * @param width at least 1
   * @param red in [0, 1]
   * @param green in [0, 1]
   * @param blue in [0, 1]
   * @return an image of 3 channels
   */
  public static Image filled(int height, int width, float red, float green, float blue) {
    checkShape(3, height, width, 3L * height * width);
    float[] chw = new float[3 * height * width];
    float[] colour = {red, green, blue};
    for (int c = 0; c < 3; c++) {
      Arrays.fill(chw, c * height * width, (c + 1) * height * width, colour[c]);
    }
    return of(3, height, width, chw);
  }

  /**
   * Reads a PNG, JPEG, GIF, BMP or WebP of at most {@link #MOST_PIXELS} pixels.
   *
   * @param bytes the file's content
   * @return an image of 3 channels
   * @throws UnsafeImageException if its header promises more pixels
   * @throws IllegalArgumentException if the bytes are not an image that can be read, or are cut off
   *     or damaged; the message says what they are instead, as far as it can be seen
   */
  public static Image fromBytes(byte[] bytes) {
    return fromBytes(bytes, MOST_PIXELS);
  }

  /**
   * Reads a PNG, JPEG, GIF, BMP or WebP. Transparent parts are laid on white. The values are the
   * samples in the file; those of a PNG, JPEG or WebP with an embedded colour profile of another
   * space are converted to sRGB. (A profile that cannot be used is ignored, which is logged; so are
   * a PNG's gamma and chromaticities without a profile, as other libraries do.) The picture is
   * turned as its Exif data say. Of an animation the first frame is read. Comments and thumbnails
   * are ignored.
   *
   * <p>WebP needs {@code com.github.usefulness:webp-imageio}, or another reader of ImageIO for it,
   * on the class path; {@code tastemaker-feedback} brings it.
   *
   * <p>The file may come from a stranger. Before anything is decoded, the number of pixels in its
   * header is compared with the bound, and with what so many bytes can hold at all. Reading takes
   * about 16 bytes of memory for each pixel.
   *
   * @param bytes the file's content
   * @param mostPixels how many pixels it may have, height times width
   * @return an image of 3 channels
   * @throws UnsafeImageException if its header promises more pixels
   * @throws IllegalArgumentException if the bytes are not an image that can be read, or are cut off
   *     or damaged; the message says what they are instead, as far as it can be seen
   */
  public static Image fromBytes(byte[] bytes, long mostPixels) {
    return drawn(ImageCodec.decode(bytes, mostPixels));
  }

  /**
   * Reads the file of a PNG, JPEG, GIF, BMP or WebP of at most {@link #MOST_PIXELS} pixels.
   *
   * @param file of at most 256 MiB
   * @return an image of 3 channels
   * @throws IllegalArgumentException if it is not an image that can be read, or too large; the
   *     message names the file
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static Image read(Path file) {
    return read(file, MOST_PIXELS);
  }

  /**
   * Reads the file of a PNG, JPEG, GIF, BMP or WebP.
   *
   * @param file of at most 256 MiB
   * @param mostPixels how many pixels it may have, height times width
   * @return an image of 3 channels
   * @throws IllegalArgumentException if it is not an image that can be read, or too large; the
   *     message names the file
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static Image read(Path file, long mostPixels) {
    byte[] bytes = BoundedFiles.read(file, MOST_FILE_BYTES);
    try {
      return fromBytes(bytes, mostPixels);
    } catch (UnsafeImageException e) {
      throw new UnsafeImageException(file + ": " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Takes over an AWT image. Transparent parts are laid on white. The samples of a grey image are
   * taken as they are: files hold them in sRGB's curve, though AWT calls such an image linear.
   *
   * @param source of any type
   * @return an image of 3 channels
   */
  public static Image fromBufferedImage(BufferedImage source) {
    checkShape(
        3, source.getHeight(), source.getWidth(), 3L * source.getHeight() * source.getWidth());
    return drawn(AwtPixels.read(source));
  }

  private static Image drawn(Canvas canvas) {
    return new Image(3, canvas.height(), canvas.width(), canvas.chw());
  }

  /**
   * The number of channels.
   *
   * @return 1 or 3
   */
  public int channels() {
    return channels;
  }

  /**
   * The number of rows.
   *
   * @return at least 1
   */
  public int height() {
    return height;
  }

  /**
   * The number of columns.
   *
   * @return at least 1
   */
  public int width() {
    return width;
  }

  /**
   * One value.
   *
   * @param channel from 0
   * @param y row, from the top
   * @param x column, from the left
   * @return in [0, 1]
   */
  public float get(int channel, int y, int x) {
    Objects.checkIndex(channel, channels);
    Objects.checkIndex(y, height);
    Objects.checkIndex(x, width);
    return chw[(channel * height + y) * width + x];
  }

  /**
   * All values.
   *
   * @return a copy, [channels, height, width]
   */
  public float[] toFloats() {
    return chw.clone();
  }

  /**
   * Copies all values to a place in an array.
   *
   * @param target receives [channels, height, width]
   * @param offset where they begin in it
   */
  public void copyTo(float[] target, int offset) {
    System.arraycopy(chw, 0, target, offset, chw.length);
  }

  /**
   * This image for AWT, rounded to 8 bits.
   *
   * @return of type RGB
   */
  public BufferedImage toBufferedImage() {
    BufferedImage out = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int pixels = height * width;
    int[] rgb = new int[pixels];
    for (int i = 0; i < pixels; i++) {
      for (int c = 0; c < 3; c++) {
        int value = Math.round(chw[(channels == 1 ? 0 : c) * pixels + i] * 255);
        rgb[i] |= value << (16 - 8 * c);
      }
    }
    out.setRGB(0, 0, width, height, rgb, 0, width);
    return out;
  }

  /**
   * This image as a PNG file, rounded to 8 bits.
   *
   * @return the file's content; the same for equal images
   */
  public byte[] toPng() {
    return ImageCodec.png(toBufferedImage());
  }

  /**
   * This image as a JPEG file.
   *
   * @param quality in [0, 1]; 0.95 is what most comparisons of file sizes use
   * @return the file's content
   */
  public byte[] toJpeg(double quality) {
    if (!(quality >= 0 && quality <= 1)) {
      throw new IllegalArgumentException("a JPEG's quality must be in [0, 1], but was " + quality);
    }
    return ImageCodec.jpeg(toBufferedImage(), quality);
  }

  /**
   * This image in another size, rounded to 8 bits on the way; enlarged by nearest neighbour where
   * the new size is a whole multiple (pixel art stays crisp), otherwise interpolated bicubically.
   *
   * @param newHeight at least 1
   * @param newWidth at least 1
   * @return an image of 3 channels
   */
  public Image resized(int newHeight, int newWidth) {
    checkShape(3, newHeight, newWidth, 3L * newHeight * newWidth);
    boolean whole = newHeight % height == 0 && newWidth % width == 0;
    BufferedImage target = new BufferedImage(newWidth, newHeight, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = target.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, newWidth, newHeight);
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION,
        whole
            ? RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR
            : RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    g.drawImage(toBufferedImage(), 0, 0, newWidth, newHeight, null);
    g.dispose();
    return fromBufferedImage(target);
  }

  /**
   * A hash of shape and values, by which a cache can tell images apart.
   *
   * @return SHA-256, 64 hexadecimal digits
   */
  public String sha256() {
    String known = sha256;
    if (known == null) {
      known = hash();
      sha256 = known;
    }
    return known;
  }

  private String hash() {
    ByteBuffer bytes = ByteBuffer.allocate(12 + 4 * chw.length);
    bytes.putInt(channels).putInt(height).putInt(width);
    bytes.asFloatBuffer().put(chw);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Image image
        && shapeText().equals(image.shapeText())
        && Arrays.equals(chw, image.chw);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(chw) + 7 * height + channels;
  }

  @Override
  public String toString() {
    return "Image" + shapeText();
  }

  private String shapeText() {
    return "[" + channels + ", " + height + ", " + width + "]";
  }

  private static void checkShape(int channels, int height, int width, long length) {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException(
          "an image has 1 channel (grey) or 3 (red, green, blue), but was given " + channels);
    }
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "an image has at least one row and one column, but was given "
              + height
              + " rows and "
              + width
              + " columns");
    }
    long expected = (long) channels * height * width;
    if (length != expected) {
      throw new IllegalArgumentException(
          "an image of ["
              + channels
              + ", "
              + height
              + ", "
              + width
              + "] has "
              + expected
              + " values, but was given "
              + length);
    }
  }
}

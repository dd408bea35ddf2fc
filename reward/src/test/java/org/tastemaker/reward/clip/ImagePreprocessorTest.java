package org.tastemaker.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.tastemaker.core.Image;

/**
 * The pixels against those of the Python Imaging Library 9.4 and of PyTorch 1.13 in double
 * precision. This program of Python made {@code preprocessing.txt}, a line for each case:
 *
 * <pre>
 * import numpy as np, torch, torch.nn.functional as F
 * from PIL import Image
 *
 * def picture(h, w):
 *     y, x, c = np.mgrid[0:h, 0:w, 0:3]
 *     return ((x * x * 7 + y * 13 + c * 50 + x * y % 23 * 11) % 256).astype(np.uint8)
 *
 * for h, w, s in ((23, 37, 6), (9, 5, 7), (16, 16, 8), (3, 4, 8), (12, 25, 4)):
 *     img = picture(h, w)
 *     short = min(h, w)
 *     nh, nw = s * h // short, s * w // short
 *     t, l = (nh - s) // 2, (nw - s) // 2
 *     p = np.array(Image.fromarray(img).resize((nw, nh), Image.BICUBIC))[t:t + s, l:l + s]
 *     print(h, w, s, "PIL", *p.transpose(2, 0, 1).ravel())
 *     t, l = int(round((nh - s) / 2.0)), int(round((nw - s) / 2.0))
 *     x = torch.from_numpy(img.transpose(2, 0, 1).copy()).double()[None] / 255
 *     for name, aa in (("HPS_ORIGINAL", False), ("HPS_ORIGINAL_ANTIALIASED", True)):
 *         r = F.interpolate(x, size=(nh, nw), mode="bicubic", align_corners=False, antialias=aa)
 *         v = r[0, :, t:t + s, l:l + s].reshape(-1).tolist()
 *         print(h, w, s, name, *("%.7f" % e for e in v))
 * </pre>
 */
class ImagePreprocessorTest {
  private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
  private static final double[] STD = {0.26862954, 0.26130258, 0.27577711};

  @TestFactory
  List<DynamicTest> pixelsAreThoseOfTheReferences() {
    return resource().lines().map(ImagePreprocessorTest::golden).toList();
  }

  private static DynamicTest golden(String line) {
    List<String> words = Splitter.on(' ').splitToList(line);
    int height = Integer.parseInt(words.get(0));
    int width = Integer.parseInt(words.get(1));
    int size = Integer.parseInt(words.get(2));
    Preprocessing mode = Preprocessing.valueOf(words.get(3));
    return DynamicTest.dynamicTest(
        mode + " of " + height + " x " + width + " to " + size,
        () -> {
          float[] pixels = ImagePreprocessor.of(mode, size).of(picture(height, width));

          assertThat(pixels).hasSize(words.size() - 4);
          for (int i = 0; i < pixels.length; i++) {
            double value = Double.parseDouble(words.get(4 + i));
            if (mode == Preprocessing.PIL) {
              assertThat(Math.round(plain(pixels, i) * 255)).isEqualTo((long) value);
              assertThat(plain(pixels, i) * 255).isCloseTo(value, within(1e-4)); // float rounding
            } else {
              assertThat(plain(pixels, i)).isCloseTo(value, within(1e-6)); // float rounding
            }
          }
        });
  }

  @Test
  void theReferencesCoverClampingAndAnOddCut() {
    assertThat(resource().lines().filter(line -> line.contains("HPS_ORIGINAL ")))
        .anyMatch(line -> line.contains(" -0.")); // below the darkest, where bytes are clamped
    // 9 - 6 is odd, and half of it is rounded to 1 by one mode and to 2 by the others.
    assertThat(resource().lines()).anyMatch(line -> line.startsWith("23 37 6 "));
  }

  @Test
  void theSmoothMapOfTheOriginalIsTheOriginal() {
    for (Preprocessing mode :
        List.of(Preprocessing.HPS_ORIGINAL, Preprocessing.HPS_ORIGINAL_ANTIALIASED)) {
      ImagePreprocessor preprocessor = ImagePreprocessor.of(mode, 8);
      Image image = picture(20, 13);

      assertThat(smooth(preprocessor, image)).containsExactly(preprocessor.of(image));
    }
  }

  @Test
  void theSmoothMapOfBytesIsWithinTheirRoundingWhereNothingIsClamped() {
    for (int[] sizes : new int[][] {{300, 300}, {64, 90}, {20, 20}}) {
      ImagePreprocessor preprocessor = ImagePreprocessor.of(Preprocessing.PIL, 32);
      double[] differences = differences(preprocessor, random(sizes[0], sizes[1], 60, 190));

      assertThat(Arrays.stream(differences).max().orElseThrow()).isLessThan(1.3);
      assertThat(rootMeanSquare(differences)).isLessThan(0.45);
    }
  }

  @Test
  void theGradientIsTheTransposeOfTheSmoothMap() {
    Random random = new Random(3);
    for (Preprocessing mode : Preprocessing.values()) {
      for (int[] sizes : new int[][] {{20, 13}, {13, 20}, {5, 4}, {8, 8}}) {
        ImagePreprocessor preprocessor = ImagePreprocessor.of(mode, 8);
        int height = sizes[0];
        int width = sizes[1];
        Image one = random(height, width, 0, 255);
        Image other = random(height, width, 0, 255);
        FloatBuffer byPixels = FloatBuffer.allocate(preprocessor.length());
        for (int i = 0; i < byPixels.limit(); i++) {
          byPixels.put(i, random.nextFloat() - 0.5f);
        }
        FloatBuffer byImage = FloatBuffer.allocate(2 + 3 * height * width);
        preprocessor.gradient(byPixels, 0, height, width, byImage, 2);

        double forward = 0;
        float[] first = smooth(preprocessor, one);
        float[] second = smooth(preprocessor, other);
        for (int i = 0; i < first.length; i++) {
          forward += ((double) first[i] - second[i]) * byPixels.get(i);
        }
        double back = 0;
        for (int i = 0; i < 3 * height * width; i++) {
          back += ((double) one.toFloats()[i] - other.toFloats()[i]) * byImage.get(2 + i);
        }
        assertThat(forward).isCloseTo(back, within(1e-4)); // <A (x - x'), y> = <x - x', A' y>
        assertThat(byImage.get(0)).isZero();
      }
    }
  }

  @Test
  void aGreyImageHasThreeEqualColours() {
    ImagePreprocessor preprocessor = ImagePreprocessor.of(Preprocessing.PIL, 4);
    Image grey = Image.of(1, 5, 6, colour(picture(5, 6), 0));
    float[] both = new float[90];
    for (int c = 0; c < 3; c++) {
      System.arraycopy(colour(picture(5, 6), 0), 0, both, 30 * c, 30);
    }

    assertThat(preprocessor.of(grey)).containsExactly(preprocessor.of(Image.of(3, 5, 6, both)));
  }

  @Test
  void aVeryLongImageIsCutInTheMiddle() {
    float[] values = new float[3 * 3000];
    Arrays.fill(values, 1000, 2000, 1); // the middle third is red
    float[] pixels = ImagePreprocessor.of(Preprocessing.PIL, 4).of(Image.of(3, 1, 3000, values));

    assertThat(plain(pixels, 0)).isCloseTo(1, within(1e-6));
    assertThat(plain(pixels, 16)).isCloseTo(0, within(1e-6));
  }

  @Test
  void aTowerReadsAtLeastOnePixel() {
    assertThatThrownBy(() -> ImagePreprocessor.of(Preprocessing.PIL, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one pixel");
  }

  static double[] differences(ImagePreprocessor preprocessor, Image image) {
    float[] exact = preprocessor.of(image);
    float[] smooth = smooth(preprocessor, image);
    double[] differences = new double[exact.length];
    for (int i = 0; i < exact.length; i++) {
      differences[i] = 255 * Math.abs(plain(exact, i) - plain(smooth, i));
    }
    return differences;
  }

  static double rootMeanSquare(double[] values) {
    return Math.sqrt(Arrays.stream(values).map(value -> value * value).average().orElseThrow());
  }

  private static float[] smooth(ImagePreprocessor preprocessor, Image image) {
    float[] target = new float[preprocessor.length()];
    preprocessor.smooth(
        FloatBuffer.wrap(image.toFloats()),
        0,
        image.height(),
        image.width(),
        FloatBuffer.wrap(target),
        0);
    return target;
  }

  static Image random(int height, int width, int from, int to) {
    Random random = new Random(7);
    float[] values = new float[3 * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (from + random.nextInt(to - from + 1)) / 255f;
    }
    return Image.of(3, height, width, values);
  }

  /** A pixel before normalisation. */
  private static double plain(float[] pixels, int index) {
    int colour = index / (pixels.length / 3);
    return pixels[index] * STD[colour] + MEAN[colour];
  }

  private static float[] colour(Image image, int c) {
    int pixels = image.height() * image.width();
    return Arrays.copyOfRange(image.toFloats(), c * pixels, (c + 1) * pixels);
  }

  private static Image picture(int height, int width) {
    float[] values = new float[3 * height * width];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int value = (x * x * 7 + y * 13 + c * 50 + x * y % 23 * 11) % 256;
          values[(c * height + y) * width + x] = value / 255f;
        }
      }
    }
    return Image.of(3, height, width, values);
  }

  private static String resource() {
    try (InputStream in = ImagePreprocessorTest.class.getResourceAsStream("preprocessing.txt")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

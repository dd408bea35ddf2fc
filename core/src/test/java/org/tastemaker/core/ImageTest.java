package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ImageTest {
  /** A 2 x 3 image whose 18 values are all different multiples of 1/255. */
  private static Image sample() {
    float[] chw = new float[18];
    for (int i = 0; i < 18; i++) {
      chw[i] = i * 13 / 255f;
    }
    return Image.of(3, 2, 3, chw);
  }

  @Test
  void valuesAreAddressedByChannelRowAndColumn() {
    assertThat(sample().get(2, 1, 0)).isEqualTo(15 * 13 / 255f);
    assertThat(sample().channels()).isEqualTo(3);
    assertThat(sample().height()).isEqualTo(2);
    assertThat(sample().width()).isEqualTo(3);
    assertThatThrownBy(() -> sample().get(0, 2, 0)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void aValueOutOfRangeIsRefusedWithItsPlace() {
    float[] chw = new float[12];
    chw[7] = 1.25f;
    assertThatThrownBy(() -> Image.of(3, 2, 2, chw))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "an image's values must be in [0, 1], but the one at channel 1, row 1, column 1 is 1.25;"
                + " use Image.clamped for a model's raw output");
    chw[7] = Float.NaN;
    assertThatThrownBy(() -> Image.of(3, 2, 2, chw)).hasMessageContaining("is NaN");
  }

  @Test
  void clampingForgivesTheRangeButNotNan() {
    Image image = Image.clamped(1, 1, 3, new float[] {-0.5f, 0.5f, Float.POSITIVE_INFINITY});
    assertThat(image.toFloats()).containsExactly(0, 0.5f, 1);
    assertThatThrownBy(() -> Image.clamped(1, 1, 1, new float[] {Float.NaN}))
        .hasMessageContaining("index 0 of [channels, height, width] = [1, 1, 1] is NaN");
  }

  @Test
  void aWrongShapeIsRefused() {
    assertThatThrownBy(() -> Image.of(2, 1, 1, new float[2])).hasMessageContaining("was given 2");
    assertThatThrownBy(() -> Image.of(3, 2, 2, new float[11]))
        .hasMessage("an image of [3, 2, 2] has 12 values, but was given 11");
    assertThatThrownBy(() -> Image.of(3, 0, 2, new float[0]))
        .hasMessageContaining("0 rows and 2 columns");
  }

  @Test
  void theImageKeepsItsOwnCopy() {
    float[] chw = {0.5f};
    Image image = Image.of(1, 1, 1, chw);
    chw[0] = 0;
    image.toFloats()[0] = 0;
    assertThat(image.get(0, 0, 0)).isEqualTo(0.5f);
  }

  @Property(tries = 200)
  void aPngGivesBackWhatEightBitsHold(
      @ForAll @Size(12) List<@IntRange(min = 0, max = 255) Integer> bytes) {
    float[] chw = new float[12];
    for (int i = 0; i < 12; i++) {
      chw[i] = bytes.get(i) / 255f;
    }
    Image image = Image.of(3, 2, 2, chw);
    assertThat(Image.fromBytes(image.toPng())).isEqualTo(image);
  }

  @Test
  void aJpegIsCloseAtHighQualityAndSmallAtLowQuality() {
    Image image = Image.filled(64, 64, 0.2f, 0.6f, 0.4f);
    Image back = Image.fromBytes(image.toJpeg(0.95));
    // One step of 8 bits for rounding and two for the colour transform of a flat image.
    assertThat(back.get(1, 30, 30)).isCloseTo(0.6f, within(3 / 255f));
    float[] noise = new float[3 * 64 * 64];
    Seed.of(1).gaussian(0, noise);
    Image noisy = Image.clamped(3, 64, 64, noise);
    assertThat(noisy.toJpeg(0.1)).hasSizeLessThan(noisy.toJpeg(0.95).length / 2);
    assertThatThrownBy(() -> image.toJpeg(95)).hasMessageContaining("[0, 1], but was 95");
  }

  @Test
  void greyImagesBecomeGreyPixels() {
    Image grey = Image.of(1, 1, 2, new float[] {0, 0.6f});
    assertThat(grey.toBufferedImage().getRGB(1, 0)).isEqualTo(0xFF999999);
  }

  @Test
  void transparencyIsLaidOnWhite() {
    BufferedImage transparent = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    transparent.setRGB(0, 0, 0x00FF0000);
    assertThat(Image.fromBufferedImage(transparent)).isEqualTo(Image.filled(1, 1, 1, 1, 1));
    transparent.setRGB(0, 0, 0x80000000);
    assertThat(Image.fromBufferedImage(transparent).get(0, 0, 0))
        .isCloseTo(127 / 255f, within(1e-6f)); // float rounding
  }

  @Test
  void bytesThatAreNoImageAreRefused() {
    assertThatThrownBy(() -> Image.fromBytes(new byte[] {1, 2, 3}))
        .hasMessage("these 3 bytes are not a PNG, JPEG, GIF, BMP or WebP image");
    byte[] png = sample().toPng();
    assertThatThrownBy(() -> Image.fromBytes(Arrays.copyOf(png, png.length / 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("are a damaged PNG image");
  }

  @Test
  void valuesAreCopiedToAPlaceInAnArray() {
    float[] target = new float[20];
    sample().copyTo(target, 1);
    assertThat(target).startsWith(0, 0, 13 / 255f).endsWith(17 * 13 / 255f, 0);
  }

  @Test
  void enlargingByAWholeFactorRepeatsPixels() {
    Image large = sample().resized(4, 6);
    assertThat(large.get(0, 3, 5))
        .isCloseTo(sample().get(0, 1, 2), within(1e-6f)); // 8 bits exactly
    assertThat(large.get(0, 2, 4)).isEqualTo(large.get(0, 3, 5));
    assertThat(large.resized(3, 5).width()).isEqualTo(5);
  }

  @Test
  void equalImagesHaveEqualHashesAndOthersDoNot() {
    assertThat(sample())
        .isEqualTo(sample())
        .hasSameHashCodeAs(sample())
        .hasToString("Image[3, 2, 3]");
    assertThat(sample().sha256()).isEqualTo(sample().sha256()).hasSize(64);
    assertThat(Image.filled(2, 3, 0, 0, 0).sha256())
        .isNotEqualTo(Image.filled(3, 2, 0, 0, 0).sha256());
    assertThat(sample()).isNotEqualTo(sample().resized(4, 6));
  }
}

package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read from files, against libpng, libjpeg-turbo and Little CMS. */
class ImageColoursTest {
  /** Of a quotient of two whole numbers in single precision. */
  private static final double ROUNDING = 255 * 1e-6;

  static List<ReferenceImage> pngs() {
    return ReferenceImage.matching(
        "(grey|rgb|palette|rgba)-.*\\.png|profile-(srgb|wrong|dam).*png");
  }

  @ParameterizedTest
  @MethodSource("pngs")
  void aPngHasTheSamplesThatLibpngReads(ReferenceImage expected) {
    assertThat(expected.distance(Image.fromBytes(expected.file()))).isLessThan(ROUNDING);
  }

  static List<ReferenceImage> jpegs() {
    return ReferenceImage.matching("(grey|ycc|ycck|rgb|cmyk).*\\.jpg|profile-srgb.*jpg");
  }

  /**
   * 1: libjpeg-turbo's vector code and its plain code round the last bit of the colour conversion
   * differently. All else of libjpeg, 6b or turbo, is exact and the same.
   */
  private static final double JPEG = 1 + 1e-4;

  /** 1 of the JPEG, and half a level of Little CMS's rounding to 8 bits, which is not done here. */
  private static final double CONVERTED = 1.5 + 1e-4;

  @ParameterizedTest
  @MethodSource("jpegs")
  void aJpegHasTheSamplesThatLibjpegReads(ReferenceImage expected) {
    assertThat(expected.distance(Image.fromBytes(expected.file()))).isLessThan(JPEG);
  }

  static List<ReferenceImage> others() {
    return ReferenceImage.matching("(lossless|lossy|animated).*[.]webp|.*[.](gif|bmp)");
  }

  @ParameterizedTest
  @MethodSource("others")
  void aWebpAGifAndABmpHaveTheSamplesThatTheirLibrariesRead(ReferenceImage expected) {
    assertThat(expected.distance(Image.fromBytes(expected.file()))).isLessThan(ROUNDING);
  }

  static List<ReferenceImage> profiles() {
    return ReferenceImage.matching("profile-(p3|adobe|grey|cmyk).*");
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void anEmbeddedProfileIsConvertedAsLittleCmsDoes(ReferenceImage expected) {
    assertThat(expected.distance(Image.fromBytes(expected.file()))).isLessThan(CONVERTED);
  }

  static List<ReferenceImage> orientations() {
    return ReferenceImage.matching("orientation-.*");
  }

  @ParameterizedTest
  @MethodSource("orientations")
  void aPictureIsTurnedAsItsExifSays(ReferenceImage expected) {
    assertThat(expected.distance(Image.fromBytes(expected.file()))).isLessThan(JPEG);
  }

  @ParameterizedTest
  @ValueSource(strings = {"grey-8.png", "grey-8-interlaced.png", "grey-8-gama.png", "rgb-8.png"})
  void aSampleOf128Is128(String name) {
    Image image = Image.fromBytes(ReferenceImage.bytes(name));
    assertThat(image.toBufferedImage().getRGB(0, 0)).isEqualTo(0xFF808080);
    assertThat(image.get(0, 0, 0)).isEqualTo(128 / 255f);
  }

  @Test
  void sixteenBitsAreKept() {
    Image image = Image.fromBytes(ReferenceImage.bytes("grey-16.png"));
    assertThat(image.get(0, 0, 0)).isEqualTo(32767 / 65535f);
  }

  @ParameterizedTest
  @ValueSource(ints = {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY})
  void greyAwtImagesHaveTheirSamples(int type) {
    BufferedImage grey = new BufferedImage(2, 1, type);
    int most = type == BufferedImage.TYPE_BYTE_GRAY ? 255 : 65_535;
    grey.getRaster().setSample(0, 0, 0, 128 * most / 255);
    assertThat(Image.fromBufferedImage(grey).get(1, 0, 0)).isEqualTo(128 / 255f);
    assertThat(Image.fromBufferedImage(grey).get(1, 0, 1)).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void greyAwtImagesWithAlphaAreLaidOnWhite(boolean premultiplied) {
    ComponentColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_GRAY),
            true,
            premultiplied,
            Transparency.TRANSLUCENT,
            DataBuffer.TYPE_BYTE);
    WritableRaster raster = model.createCompatibleWritableRaster(1, 1);
    raster.setPixel(0, 0, new int[] {premultiplied ? 51 : 102, 128}); // 0.4 at half
    Image image = Image.fromBufferedImage(new BufferedImage(model, raster, premultiplied, null));
    // 128 is not quite half, and the product is rounded to 8 bits.
    assertThat(image.get(0, 0, 0)).isCloseTo(0.7f, within(1 / 255f));
  }

  @Test
  void whatAJpegHasThatCannotBeReadIsNamed() {
    byte[] jpeg = Image.filled(16, 16, 1, 0, 0).toJpeg(0.9);
    int size = 0;
    while ((jpeg[size] & 0xFF) != 0xFF || (jpeg[size + 1] & 0xFF) != 0xC0) {
      size++;
    }
    byte[] twelve = jpeg.clone();
    twelve[size + 4] = 12;
    assertThatThrownBy(() -> Image.fromBytes(twelve))
        .hasMessageContaining("12 bits per sample, but only 8")
        .hasMessageContaining("convert it to PNG");
    byte[] arithmetic = jpeg.clone();
    arithmetic[size + 1] = (byte) 0xC9;
    assertThatThrownBy(() -> Image.fromBytes(arithmetic))
        .hasMessageContaining("arithmetic")
        .hasMessageContaining("convert it");
    byte[] two = jpeg.clone();
    two[size + 9] = 2;
    assertThatThrownBy(() -> Image.fromBytes(two)).hasMessageContaining("expected 1, 3 or 4");
  }

  @Test
  void aColourOutsideOfThePaletteIsRefused() {
    byte[] png =
        new PngChunks()
            .header(1, 1, 8, 3)
            .chunk("PLTE", new byte[6])
            .chunk("IDAT", PngChunks.deflated(new byte[] {0, 2}))
            .end();
    assertThatThrownBy(() -> Image.fromBytes(png))
        .hasMessageContaining("a pixel of colour 2 of a palette of 2");
  }
}
